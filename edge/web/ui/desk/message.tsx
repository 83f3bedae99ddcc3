/** A message to everybody of a doctor's day: on phones, on the screens and aloud. Its delay counts in their waits until it is ended. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Button, Dialog } from "../../../../shared/ui/components";
import { useWords, words } from "../../../../shared/ui/i18n";
import { ActProblem, type Staff } from "../parts/frame";
import type { Doctor, Message } from "../states";

const WORDS = words(
  {
    title: "Message to patients", about: "Everybody booked or waiting with this doctor sees it on their phone and on the screens until you end it.",
    doctor: "Doctor", message: "Message", priority: "Importance", low: "Low", normal: "Normal", high: "High", critical: "Critical", delay: "Expected delay in minutes", ok: "Send",
  },
  {
    hi: {
      title: "मरीज़ों को संदेश", about: "इस डॉक्टर के सभी मरीज़ इसे फ़ोन और स्क्रीन पर देखेंगे, जब तक आप समाप्त न करें।",
      doctor: "डॉक्टर", message: "संदेश", priority: "महत्व", low: "कम", normal: "सामान्य", high: "अधिक", critical: "अत्यधिक", delay: "अनुमानित देरी, मिनट में", ok: "भेजें",
    },
    es: {
      title: "Mensaje a pacientes", about: "Lo ven en el teléfono y en las pantallas todos los pacientes de este médico, hasta que lo termine.",
      doctor: "Médico", message: "Mensaje", priority: "Importancia", low: "Baja", normal: "Normal", high: "Alta", critical: "Crítica", delay: "Retraso previsto en minutos", ok: "Enviar",
    },
    ar: {
      title: "رسالة إلى المرضى", about: "يراها كل مرضى هذا الطبيب على الهاتف والشاشات حتى تنهيها.",
      doctor: "الطبيب", message: "الرسالة", priority: "الأهمية", low: "منخفضة", normal: "عادية", high: "عالية", critical: "حرجة", delay: "التأخير المتوقع بالدقائق", ok: "أرسل",
    },
  },
);
const PRIORITIES: Message["priority"][] = ["low", "normal", "high", "critical"];

export default function MessageDialog({ staff, doctor, onClose }: { staff: Staff; doctor: Doctor | undefined; onClose: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const { acts, state } = staff;
  const [to, setTo] = useState(doctor?.id ?? state.doctors[0]?.id ?? "");
  const [message, setMessage] = useState("");
  const [priority, setPriority] = useState<Message["priority"]>("high");
  const [delay, setDelay] = useState(0);
  async function send(event: Event): Promise<void> {
    event.preventDefault();
    const body = { message: message.trim(), priority, ...(delay > 0 && { estimatedDelay: delay }) };
    if (await acts.deed({ verb: "tell", target: to, body })) onClose();
  }
  return (
    <Dialog title={t("title")} onClose={onClose}>
      <form class="form two" onSubmit={(event) => void send(event)}>
        <p class="quiet wide">{t("about")}</p>
        <label class="wide">{t("doctor")}
          <select value={to} onChange={(e) => setTo(e.currentTarget.value)}>{state.doctors.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}</select>
        </label>
        <label class="wide">{t("message")}<textarea name="message" required maxLength={500} rows={3} dir="auto" autofocus value={message} onInput={(e) => setMessage(e.currentTarget.value)} /></label>
        <label>{t("priority")}
          <select value={priority} onChange={(e) => setPriority(e.currentTarget.value as Message["priority"])}>{PRIORITIES.map((one) => <option key={one} value={one}>{t(one)}</option>)}</select>
        </label>
        <label>{t("delay")}<input name="delay" type="number" min={0} max={720} value={delay} onInput={(e) => setDelay(Number(e.currentTarget.value))} /></label>
        <div class="wide"><ActProblem acts={acts} /></div>
        <Button class="wide" type="submit" look="main" busy={!!acts.busy}>{t("ok")}</Button>
      </form>
    </Dialog>
  );
}
