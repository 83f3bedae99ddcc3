/** Messages in this browser (Web Push): the worker that shows them, and the subscription head office sends them to. */
import { get } from "../../../../shared/ui/api";
import workerUrl from "./push-worker.ts?worker&url";

export type Outcome = { subscription: PushSubscriptionJSON } | "none" | "denied" | "failed";

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/").padEnd(Math.ceil(base64url.length / 4) * 4, "="));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** Ask the person, then the browser's push service. Called by a press: browsers ask for permission only then. */
export async function subscribe(): Promise<Outcome> {
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) return "none";
  if ((await Notification.requestPermission()) !== "granted") return "denied";
  const { public_key: key } = await get<{ public_key: string }>("/api/v1/notifications/push-key");
  try {
    const worker = await navigator.serviceWorker.register(workerUrl, { type: "module" });
    await active(worker);
    const kept = await worker.pushManager.getSubscription();
    if (kept) await kept.unsubscribe(); // of an earlier key, or an earlier account
    const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytesOf(key) });
    return { subscription: made.toJSON() };
  } catch {
    return "failed";
  }
}

/** A worker that has just been installed cannot take a subscription yet. */
async function active(registration: ServiceWorkerRegistration): Promise<void> {
  const worker = registration.installing ?? registration.waiting;
  if (registration.active || !worker) return;
  await new Promise<void>((go) => worker.addEventListener("statechange", () => { if (worker.state === "activated" || worker.state === "redundant") go(); }));
}
