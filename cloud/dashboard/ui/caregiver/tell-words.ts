/** What a caregiver says of a dose, and how far that is. */
import { words } from "../../../../shared/ui/i18n";

export const TELL = words(
  {
    tell: "Say what happened", taken: "It was taken", skipped: "It was not taken", at: "Taken at", note: "Remark", send: "Send", waits: "Sent; the clinic has not kept it yet", refused: "The clinic did not keep it: {why}",
    hint: "It is kept as told by you.",
  },
  {
    hi: { tell: "बताएँ क्या हुआ", taken: "ली गई", skipped: "नहीं ली गई", at: "कब ली", note: "टिप्पणी", send: "भेजें", waits: "भेजा गया; क्लिनिक ने अभी दर्ज नहीं किया", refused: "क्लिनिक ने दर्ज नहीं किया: {why}", hint: "यह आपके कहने पर दर्ज होगा।" },
    es: { tell: "Decir qué pasó", taken: "Se tomó", skipped: "No se tomó", at: "Tomada a las", note: "Nota", send: "Enviar", waits: "Enviado; la clínica aún no lo ha anotado", refused: "La clínica no lo anotó: {why}", hint: "Se anota como dicho por usted." },
    ar: { tell: "قل ما حدث", taken: "أُخذت", skipped: "لم تُؤخذ", at: "أُخذت في", note: "ملاحظة", send: "إرسال", waits: "أُرسل؛ لم تسجله العيادة بعد", refused: "لم تسجله العيادة: {why}", hint: "يُسجل على أنه قولك." },
  },
);
