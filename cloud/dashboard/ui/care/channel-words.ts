import { words } from "../../../../shared/ui/i18n";

export const CHANNELS = words(
  {
    channels: "How I am told", none: "No channel yet. Without one nobody can tell you.", none_them: "No channel yet. Without one nobody can tell them.", add: "Add a channel", kind: "By", address: "Address", sms: "SMS", whatsapp: "WhatsApp", email: "E-mail", telegram: "Telegram", webhook: "Web address (webhook)", push: "This browser",
    ask_sms: "Phone number with country code, e.g. \u2066+34600000000\u2069", ask_whatsapp: "Phone number with country code, e.g. \u2066+34600000000\u2069", ask_email: "E-mail address", ask_telegram: "Number of the chat, or @name", ask_webhook: "Address that begins with https://",
    verified: "verified", not_verified: "not verified yet", code: "Code from the message", verify: "Verify", again: "Send another code", sent_again: "Another code is on its way.", quiet: "Quiet from", until: "until", quiet_hint: "What is critical comes in quiet hours too.", save: "Save", remove: "Remove", off: "switched off: {why}", secret: "Secret for checking signatures. It is shown this once:",
    push_on: "Tell me in this browser", push_denied: "The browser does not allow messages of this page. Allow them beside the address, then try again.", push_none: "This browser knows no messages, or the page was not opened over HTTPS.", push_failed: "The browser's message service cannot be reached. Try again when you are online.", push_wait: "A message with a code comes up in this browser. Type it here.", first: "told first", order: "told in place {n}",
  },
  {
    hi: {
      channels: "मुझे कैसे बताया जाए", none: "अभी कोई माध्यम नहीं। इसके बिना आपको कोई नहीं बता सकता।", none_them: "अभी कोई माध्यम नहीं। इसके बिना उन्हें कोई नहीं बता सकता।", add: "माध्यम जोड़ें", kind: "किससे", address: "पता", sms: "SMS", whatsapp: "WhatsApp", email: "ई-मेल", telegram: "Telegram", webhook: "वेब पता (webhook)", push: "यह ब्राउज़र",
      ask_sms: "देश-कोड के साथ फ़ोन, जैसे \u2066+34600000000\u2069", ask_whatsapp: "देश-कोड के साथ फ़ोन, जैसे \u2066+34600000000\u2069", ask_email: "ई-मेल पता", ask_telegram: "चैट का नंबर, या @नाम", ask_webhook: "https:// से शुरू होने वाला पता",
      verified: "पक्का", not_verified: "अभी पक्का नहीं", code: "संदेश का कोड", verify: "पक्का करें", again: "दूसरा कोड भेजें", sent_again: "दूसरा कोड भेजा जा रहा है।", quiet: "शांत समय", until: "तक", quiet_hint: "गंभीर संदेश शांत समय में भी आते हैं।", save: "सहेजें", remove: "हटाएँ", off: "बंद: {why}", secret: "हस्ताक्षर जाँचने का रहस्य। केवल अभी दिखता है:",
      push_on: "इस ब्राउज़र में बताएँ", push_denied: "ब्राउज़र इस पृष्ठ के संदेश नहीं देता। पते के पास अनुमति दें, फिर कोशिश करें।", push_none: "यह ब्राउज़र संदेश नहीं जानता, या पृष्ठ HTTPS से नहीं खुला।", push_failed: "ब्राउज़र की संदेश सेवा तक नहीं पहुँचे। ऑनलाइन होने पर फिर कोशिश करें।", push_wait: "इस ब्राउज़र में कोड का संदेश आएगा। उसे यहाँ लिखें।", first: "पहले बताया जाता है", order: "क्रम {n}",
    },
    es: {
      channels: "Cómo me avisan", none: "Aún no hay canal. Sin uno nadie puede avisarle.", none_them: "Aún no hay canal. Sin uno no se le puede avisar.", add: "Añadir un canal", kind: "Por", address: "Dirección", sms: "SMS", whatsapp: "WhatsApp", email: "Correo", telegram: "Telegram", webhook: "Dirección web (webhook)", push: "Este navegador",
      ask_sms: "Teléfono con prefijo de país, p. ej. \u2066+34600000000\u2069", ask_whatsapp: "Teléfono con prefijo de país, p. ej. \u2066+34600000000\u2069", ask_email: "Dirección de correo", ask_telegram: "Número del chat, o @nombre", ask_webhook: "Dirección que empieza por https://",
      verified: "verificado", not_verified: "sin verificar", code: "Código del mensaje", verify: "Verificar", again: "Enviar otro código", sent_again: "Otro código está en camino.", quiet: "Silencio desde", until: "hasta", quiet_hint: "Lo crítico llega también en horas de silencio.", save: "Guardar", remove: "Quitar", off: "apagado: {why}", secret: "Secreto para comprobar firmas. Solo se muestra ahora:",
      push_on: "Avisarme en este navegador", push_denied: "El navegador no permite mensajes de esta página. Permítalos junto a la dirección y reintente.", push_none: "Este navegador no conoce mensajes, o la página no se abrió con HTTPS.", push_failed: "No se alcanza el servicio de mensajes del navegador. Reintente con conexión.", push_wait: "Aparecerá en este navegador un mensaje con un código. Escríbalo aquí.", first: "se avisa primero", order: "orden {n}",
    },
    ar: {
      channels: "كيف أُبلَّغ", none: "لا قناة بعد. دونها لا يستطيع أحد إبلاغك.", none_them: "لا قناة بعد. دونها لا يستطيع أحد إبلاغه.", add: "أضف قناة", kind: "عبر", address: "العنوان", sms: "SMS", whatsapp: "WhatsApp", email: "بريد إلكتروني", telegram: "Telegram", webhook: "عنوان ويب (webhook)", push: "هذا المتصفح",
      ask_sms: "رقم الهاتف مع رمز البلد، مثل \u2066+34600000000\u2069", ask_whatsapp: "رقم الهاتف مع رمز البلد، مثل \u2066+34600000000\u2069", ask_email: "عنوان البريد", ask_telegram: "رقم المحادثة أو @الاسم", ask_webhook: "عنوان يبدأ بـ https://",
      verified: "مؤكدة", not_verified: "لم تؤكد بعد", code: "الرمز من الرسالة", verify: "تأكيد", again: "أرسل رمزًا آخر", sent_again: "رمز آخر في الطريق.", quiet: "هدوء من", until: "حتى", quiet_hint: "الحرج يصل في ساعات الهدوء أيضًا.", save: "حفظ", remove: "إزالة", off: "أُوقفت: {why}", secret: "سر للتحقق من التواقيع. يظهر هذه المرة فقط:",
      push_on: "أبلغني في هذا المتصفح", push_denied: "المتصفح لا يسمح برسائل هذه الصفحة. اسمح بها بجانب العنوان ثم حاول.", push_none: "هذا المتصفح لا يعرف الرسائل، أو لم تُفتح الصفحة عبر HTTPS.", push_failed: "تعذر الوصول إلى خدمة رسائل المتصفح. حاول حين تتصل.", push_wait: "ستظهر في هذا المتصفح رسالة فيها رمز. اكتبه هنا.", first: "يُبلَّغ أولًا", order: "الترتيب {n}",
    },
  },
);
