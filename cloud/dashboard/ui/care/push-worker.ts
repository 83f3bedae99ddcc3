/** Shows a message of head office, also when no page is open; a press on it opens its link. Keeps nothing. */
interface Told { id?: string; title?: string; text?: string; link?: string | null; language?: string }
interface Worker {
  addEventListener(type: "push", listener: (event: { data: { json(): unknown } | null; waitUntil(work: Promise<unknown>): void }) => void): void;
  addEventListener(type: "notificationclick", listener: (event: { notification: Notification; waitUntil(work: Promise<unknown>): void }) => void): void;
  registration: ServiceWorkerRegistration;
  clients: { openWindow(url: string): Promise<unknown> };
}
const worker = self as unknown as Worker;

function read(data: { json(): unknown } | null): Told {
  try {
    return (data?.json() ?? {}) as Told;
  } catch {
    return {}; // browsers want something to be shown in any case
  }
}

worker.addEventListener("push", (event) => {
  const told = read(event.data);
  const lang = told.language ?? "en";
  event.waitUntil(worker.registration.showNotification(told.title || "Outpost", {
    body: told.text ?? "", lang, dir: lang === "ar" ? "rtl" : "ltr", requireInteraction: true, data: told.link ?? "", ...(told.id ? { tag: told.id } : {}),
  }));
});

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(worker.clients.openWindow((event.notification.data as string) || "/pages/caregiver"));
});
