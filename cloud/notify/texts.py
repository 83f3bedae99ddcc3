"""What messages say: topic -> sentence, in English, Hindi, Spanish and Arabic. `cloud.notify.words` fills them in.

Fields: name (of the patient), medicines, time, since, clinic, minutes, token, room, message, code, title. A topic ending in
`_when` is used where the time it names is known, one in `_still` where it is said once more on a later day.
"""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "somebody": "The patient",
        "again": "Again: {text}",
        "worse": "More urgent than told before. {text}",
        "and": "{list} and {last}",
        "comma": ", ",
        "at": "{medicine} ({time})",
        "acknowledge": "I take care of it:",
        "many": "{count} messages",
        "missed_dose": "{name} has not confirmed taking {medicines}.",
        "missed_dose_skipped": "{name} says that {medicines} will not be taken.",
        "missed_dose_unsaid": "{name} was not told to take {medicines}. Please ask.",
        "red_flag": "{name} may be in danger: something said to the device sounds serious. Please call at once.",
        "help": "{name} is calling for help. Please call at once.",
        "model_gone": "{title} See the page of models.",
        "note_failed": "{name} said something that nobody has read yet. Please listen to it.",
        "double_dose": "{name} may have taken {medicines} twice.",
        "dose_limit": "{name} may have taken more {medicines} than is allowed.",
        "device_offline": "The device of {name} is not heard. Nobody knows whether medicines were taken. Please ask.",
        "device_offline_when": (
            "The device of {name} has not been heard since {since}. Nobody knows whether medicines "
            "were taken. Please ask."
        ),
        "device_offline_still": (
            "The device of {name} has still not been heard since {since}. {name} was to take {medicines}: {count} doses "
            "since then in all, and nobody knows what became of them. Please ask again."
        ),
        "device_fault": "The device of {name} needs somebody: it reports a fault. It may not say the next dose.",
        "device_fault_low_battery": "The battery of the device of {name} is low. Please charge it.",
        "device_fault_lid_open": "The lid of the device of {name} is open. Please look.",
        "device_fault_speaker": "The loudspeaker of the device of {name} does not work: it may not say the next dose.",
        "low_stock": "{name} is running out of {medicines}.",
        "time_critical_gap": "{name}: the time between two doses of {medicines} is not as planned.",
        "not_heard": (
            "{clinic} has not been heard since {since}. {name} was to take {medicines} since then; "
            "nobody knows yet whether that was done. Please ask."
        ),
        "not_heard_clinic": (
            "{clinic} has not been heard since {since}. Medicines were due there since then; nobody "
            "knows yet what became of them."
        ),
        "not_heard_still": (
            "{clinic} has still not been heard since {since}. {name} was to take {medicines}: {count} doses "
            "since then in all, and nobody knows what became of them. Please ask again."
        ),
        "not_heard_clinic_still": (
            "{clinic} has still not been heard since {since}. Doses that came due there since then: {count}, "
            "of so many patients: {people}. Nobody knows yet what became of them."
        ),
        "heard_again": "{clinic} is heard again; what was not known is known now.",
        "device_heard_again": "The device of {name} is heard again.",
        "taken_after_all": "{name} took {medicines} after all.",
        "taken_after_all_when": "{name} took {medicines} after all: at {time}.",
        "other": "{name}: {title}",
        "code": "Your code for messages of {clinic}: {code}. It is good for 10 minutes.",
        "booked": "{clinic}: your visit is booked.",
        "booked_when": "{clinic}: your visit is booked for {time}.",
        "waitlisted": "{clinic}: you are on the waiting list. You are told when a place is free.",
        "promoted": "{clinic}: a place is free, your visit is booked.",
        "promoted_when": "{clinic}: a place is free, your visit is booked for {time}.",
        "delayed": "{clinic}: your visit is later than planned.",
        "delayed_minutes": "{clinic}: your visit is about {minutes} minutes later than planned.",
        "delayed_when": "{clinic}: your visit is now at {time}.",
        "next": "{clinic}: {token}, you are next.",
        "next_room": "{clinic}: {token}, you are next. Please stay near {room}.",
        "cancelled": "{clinic}: your visit was cancelled.",
        "displaced": "{clinic}: your time was cancelled; you are on the waiting list for another.",
        "missed": "{clinic}: you were expected and we did not see you. Please speak to the desk.",
        "message": "{clinic}: {message}",
        "emergency": "{clinic}: an emergency comes first; it takes longer. Thank you for waiting.",
        "page_title": "Take care of it",
        "page_ask": "Do you take care of it? Others are then no longer called.",
        "page_button": "I take care of it",
        "page_done": "Thank you. It is noted that somebody takes care of it.",
        "page_over": "Somebody takes care of it already, or it is over.",
        "page_ended": "This link has ended.",
        "page_wrong": "This is not a whole link. Open it from the message again.",
    },
    "hi": {
        "somebody": "मरीज़",
        "again": "फिर से: {text}",
        "worse": "पहले बताए से अधिक गंभीर। {text}",
        "and": "{list} और {last}",
        "comma": ", ",
        "at": "{medicine} ({time})",
        "acknowledge": "मैं इसे देख रहा/रही हूँ:",
        "many": "{count} संदेश",
        "missed_dose": "{name} ने {medicines} लेने की पुष्टि नहीं की है।",
        "missed_dose_skipped": "{name} ने कहा है कि वे {medicines} नहीं लेंगे।",
        "missed_dose_unsaid": "{name} को {medicines} लेने के लिए बताया ही नहीं गया। कृपया पूछें।",
        "red_flag": "{name} ख़तरे में हो सकते हैं: उपकरण से कही गई बात गंभीर लगती है। कृपया तुरंत फ़ोन करें।",
        "help": "{name} मदद के लिए बुला रहे हैं। कृपया तुरंत फ़ोन करें।",
        "model_gone": "{title} मॉडल का पृष्ठ देखें।",
        "note_failed": "{name} ने कुछ कहा है जिसे अभी किसी ने नहीं पढ़ा। कृपया सुनें।",
        "double_dose": "{name} ने शायद {medicines} दो बार ली है।",
        "dose_limit": "{name} ने शायद {medicines} सीमा से अधिक ली है।",
        "device_offline": "{name} के उपकरण से संपर्क नहीं है। दवाएँ ली गईं या नहीं, यह पता नहीं है। कृपया पूछें।",
        "device_offline_when": ("{name} के उपकरण से {since} से संपर्क नहीं है। दवाएँ ली गईं या नहीं, यह पता नहीं है। कृपया पूछें।"),
        "device_offline_still": (
            "{name} के उपकरण से {since} से अब भी संपर्क नहीं है। {name} को {medicines} लेनी थी: तब से कुल {count} खुराकें; उनका क्या "
            "हुआ, यह पता नहीं है। कृपया फिर पूछें।"
        ),
        "device_fault": "{name} के उपकरण में ख़राबी है। हो सकता है कि वह अगली ख़ुराक न बताए। कृपया देखें।",
        "device_fault_low_battery": "{name} के उपकरण की बैटरी कम है। कृपया चार्ज करें।",
        "device_fault_lid_open": "{name} के उपकरण का ढक्कन खुला है। कृपया देखें।",
        "device_fault_speaker": "{name} के उपकरण का स्पीकर काम नहीं कर रहा: हो सकता है कि वह अगली ख़ुराक न बताए।",
        "low_stock": "{name} के पास {medicines} ख़त्म होने वाली है।",
        "time_critical_gap": "{name}: {medicines} की दो ख़ुराकों के बीच का समय योजना के अनुसार नहीं है।",
        "not_heard": (
            "{clinic} से {since} से संपर्क नहीं है। तब से {name} को {medicines} लेनी थी; ली गई या "
            "नहीं, यह अभी पता नहीं है। कृपया पूछें।"
        ),
        "not_heard_clinic": ("{clinic} से {since} से संपर्क नहीं है। तब से वहाँ दवाएँ देय थीं; उनका क्या हुआ, यह अभी पता नहीं है।"),
        "not_heard_still": (
            "{clinic} से {since} से अब भी संपर्क नहीं है। {name} को {medicines} लेनी थी: तब से कुल {count} खुराकें; उनका क्या "
            "हुआ, यह पता नहीं है। कृपया फिर पूछें।"
        ),
        "not_heard_clinic_still": (
            "{clinic} से {since} से अब भी संपर्क नहीं है। तब से वहाँ देय खुराकें: {count}, इतने मरीज़ों की: {people}। उनका क्या हुआ, यह "
            "अभी पता नहीं है।"
        ),
        "heard_again": "{clinic} से फिर संपर्क है; जो पता नहीं था, वह अब पता है।",
        "device_heard_again": "{name} के उपकरण से फिर संपर्क है।",
        "taken_after_all": "{name} ने {medicines} ले ली थी।",
        "taken_after_all_when": "{name} ने {medicines} ले ली थी: {time} बजे।",
        "other": "{name}: {title}",
        "code": "{clinic} के संदेशों के लिए आपका कोड: {code}। यह 10 मिनट तक मान्य है।",
        "booked": "{clinic}: आपकी बुकिंग हो गई है।",
        "booked_when": "{clinic}: आपकी बुकिंग {time} के लिए हो गई है।",
        "waitlisted": "{clinic}: आप प्रतीक्षा सूची में हैं। जगह मिलने पर आपको बताया जाएगा।",
        "promoted": "{clinic}: जगह मिल गई है, आपकी बुकिंग हो गई है।",
        "promoted_when": "{clinic}: जगह मिल गई है, आपकी बुकिंग {time} के लिए हो गई है।",
        "delayed": "{clinic}: आपकी बारी में देर होगी।",
        "delayed_minutes": "{clinic}: आपकी बारी में लगभग {minutes} मिनट की देर होगी।",
        "delayed_when": "{clinic}: आपकी बारी अब {time} पर है।",
        "next": "{clinic}: {token}, अगली बारी आपकी है।",
        "next_room": "{clinic}: {token}, अगली बारी आपकी है। कृपया {room} के पास रहें।",
        "cancelled": "{clinic}: आपकी बुकिंग रद्द कर दी गई है।",
        "displaced": "{clinic}: आपका समय रद्द हो गया है; आप दूसरे समय की प्रतीक्षा सूची में हैं।",
        "missed": "{clinic}: आपकी बारी पर आप नहीं मिले। कृपया काउंटर पर बात करें।",
        "message": "{clinic}: {message}",
        "emergency": "{clinic}: एक आपात स्थिति पहले देखी जाएगी; इसमें अधिक समय लगेगा। धन्यवाद।",
        "page_title": "देखभाल लें",
        "page_ask": "क्या आप इसे देख रहे हैं? तब औरों को नहीं बुलाया जाएगा।",
        "page_button": "मैं इसे देख रहा/रही हूँ",
        "page_done": "धन्यवाद। दर्ज हो गया है कि कोई इसे देख रहा है।",
        "page_over": "कोई इसे पहले से देख रहा है, या बात पूरी हो चुकी है।",
        "page_ended": "यह लिंक समाप्त हो गया है।",
        "page_wrong": "यह पूरा लिंक नहीं है। संदेश से फिर खोलें।",
    },
    "es": {
        "somebody": "El paciente",
        "again": "De nuevo: {text}",
        "worse": "Más grave de lo avisado antes. {text}",
        "and": "{list} y {last}",
        "comma": ", ",
        "at": "{medicine} ({time})",
        "acknowledge": "Yo me ocupo:",
        "many": "{count} mensajes",
        "missed_dose": "{name} no ha confirmado la toma de {medicines}.",
        "missed_dose_skipped": "{name} dice que no tomará {medicines}.",
        "missed_dose_unsaid": "A {name} no se le avisó de que tomara {medicines}. Pregúntele, por favor.",
        "red_flag": "{name} puede estar en peligro: lo que dijo al aparato parece grave. Llame ahora mismo.",
        "help": "{name} pide ayuda. Llame ahora mismo.",
        "model_gone": "{title} Consulte la página de modelos.",
        "note_failed": "{name} dijo algo que nadie ha leído todavía. Escúchelo, por favor.",
        "double_dose": "{name} quizá ha tomado {medicines} dos veces.",
        "dose_limit": "{name} quizá ha tomado más {medicines} de lo permitido.",
        "device_offline": (
            "No hay noticias del aparato de {name}. Nadie sabe si tomó sus medicinas. Pregúntele, por favor."
        ),
        "device_offline_when": (
            "No hay noticias del aparato de {name} desde las {since}. Nadie sabe si tomó sus "
            "medicinas. Pregúntele, por favor."
        ),
        "device_offline_still": (
            "Sigue sin haber noticias del aparato de {name} desde las {since}. {name} debía tomar {medicines}: {count} dosis "
            "en total desde entonces, y no se sabe qué pasó con ellas. Vuelva a preguntarle, por favor."
        ),
        "device_fault": "El aparato de {name} avisa de un fallo: puede que no anuncie la próxima toma. Mírelo, por favor.",
        "device_fault_low_battery": "Al aparato de {name} le queda poca batería. Cárguelo, por favor.",
        "device_fault_lid_open": "La tapa del aparato de {name} está abierta. Mírelo, por favor.",
        "device_fault_speaker": "El altavoz del aparato de {name} no funciona: puede que no anuncie la próxima toma.",
        "low_stock": "A {name} se le acaba {medicines}.",
        "time_critical_gap": "{name}: el tiempo entre dos dosis de {medicines} no es el previsto.",
        "not_heard": (
            "No hay noticias de {clinic} desde las {since}. {name} debía tomar {medicines} desde "
            "entonces; aún no se sabe si lo hizo. Pregúntele, por favor."
        ),
        "not_heard_clinic": (
            "No hay noticias de {clinic} desde las {since}. Desde entonces había medicinas previstas; "
            "aún no se sabe qué pasó con ellas."
        ),
        "not_heard_still": (
            "Sigue sin haber noticias de {clinic} desde las {since}. {name} debía tomar {medicines}: {count} dosis "
            "en total desde entonces, y no se sabe qué pasó con ellas. Vuelva a preguntarle, por favor."
        ),
        "not_heard_clinic_still": (
            "Sigue sin haber noticias de {clinic} desde las {since}. Dosis previstas desde entonces: {count}; "
            "pacientes: {people}. Aún no se sabe qué pasó con ellas."
        ),
        "heard_again": "Hay noticias de {clinic} otra vez; lo que no se sabía ya se sabe.",
        "device_heard_again": "Hay noticias del aparato de {name} otra vez.",
        "taken_after_all": "{name} sí tomó {medicines}.",
        "taken_after_all_when": "{name} sí tomó {medicines}: a las {time}.",
        "other": "{name}: {title}",
        "code": "Su código para los mensajes de {clinic}: {code}. Vale 10 minutos.",
        "booked": "{clinic}: su visita está reservada.",
        "booked_when": "{clinic}: su visita está reservada para {time}.",
        "waitlisted": "{clinic}: está en la lista de espera. Le avisaremos cuando haya un lugar.",
        "promoted": "{clinic}: hay un lugar libre, su visita está reservada.",
        "promoted_when": "{clinic}: hay un lugar libre, su visita está reservada para {time}.",
        "delayed": "{clinic}: su visita será más tarde de lo previsto.",
        "delayed_minutes": "{clinic}: su visita será unos {minutes} minutos más tarde de lo previsto.",
        "delayed_when": "{clinic}: su visita es ahora a las {time}.",
        "next": "{clinic}: {token}, es usted el siguiente turno.",
        "next_room": "{clinic}: {token}, es usted el siguiente turno. Quédese cerca: {room}.",
        "cancelled": "{clinic}: su visita fue cancelada.",
        "displaced": "{clinic}: su hora fue cancelada; está en la lista de espera para otra.",
        "missed": "{clinic}: le esperábamos y no le vimos. Hable con el mostrador, por favor.",
        "message": "{clinic}: {message}",
        "emergency": "{clinic}: una urgencia pasa primero; tardará más. Gracias por esperar.",
        "page_title": "Ocuparse",
        "page_ask": "¿Se ocupa usted? Entonces no se llamará a otras personas.",
        "page_button": "Yo me ocupo",
        "page_done": "Gracias. Queda anotado que alguien se ocupa.",
        "page_over": "Alguien ya se ocupa, o ya terminó.",
        "page_ended": "Este enlace ha terminado.",
        "page_wrong": "Este enlace no está completo. Ábralo de nuevo desde el mensaje.",
    },
    "ar": {
        "somebody": "المريض",
        "again": "مرة أخرى: {text}",
        "worse": "أخطر مما أُبلغ سابقًا. {text}",
        "and": "{list} و{last}",
        "comma": "، ",
        "at": "{medicine} ({time})",
        "acknowledge": "أنا أتولى الأمر:",
        "many": "{count} رسائل",
        "missed_dose": "{name}: لم يتم تأكيد تناول {medicines}.",
        "missed_dose_skipped": "{name}: قيل إن {medicines} لن يؤخذ.",
        "missed_dose_unsaid": "{name}: لم يُطلب تناول {medicines}. يرجى السؤال.",
        "red_flag": "{name} قد يكون في خطر: ما قيل للجهاز يبدو خطيرًا. يرجى الاتصال فورًا.",
        "help": "{name} يطلب المساعدة. يرجى الاتصال فورًا.",
        "model_gone": "{title} راجع صفحة النماذج.",
        "note_failed": "قال {name} شيئًا لم يقرأه أحد بعد. يرجى الاستماع إليه.",
        "double_dose": "{name}: ربما تم تناول {medicines} مرتين.",
        "dose_limit": "{name}: ربما تم تناول {medicines} أكثر من المسموح.",
        "device_offline": "لا خبر من جهاز {name}. لا أحد يعلم إن كان الدواء قد أُخذ. يرجى السؤال.",
        "device_offline_when": "لا خبر من جهاز {name} منذ {since}. لا أحد يعلم إن كان الدواء قد أُخذ. يرجى السؤال.",
        "device_offline_still": (
            "ما زال لا خبر من جهاز {name} منذ {since}. كان على {name} تناول {medicines}، وعدد الجرعات كلها منذ ذلك "
            "الوقت: {count}، ولا أحد يعلم ما جرى لها. يرجى السؤال مرة أخرى."
        ),
        "device_fault": "{name}: الجهاز يبلغ عن عطل، وقد لا يعلن الجرعة القادمة. يرجى فحصه.",
        "device_fault_low_battery": "{name}: بطارية الجهاز ضعيفة. يرجى شحنها.",
        "device_fault_lid_open": "{name}: غطاء الجهاز مفتوح. يرجى فحصه.",
        "device_fault_speaker": "{name}: مكبر صوت الجهاز لا يعمل، وقد لا يعلن الجرعة القادمة.",
        "low_stock": "{name}: دواء {medicines} على وشك النفاد.",
        "time_critical_gap": "{name}: الوقت بين جرعتين من {medicines} ليس كما هو مخطط.",
        "not_heard": (
            "لا خبر من {clinic} منذ {since}. كان على {name} تناول {medicines} منذ ذلك الوقت، ولا أحد "
            "يعلم بعد إن حدث ذلك. يرجى السؤال."
        ),
        "not_heard_clinic": (
            "لا خبر من {clinic} منذ {since}. كانت هناك أدوية مستحقة منذ ذلك الوقت، ولا أحد يعلم بعد ما جرى لها."
        ),
        "not_heard_still": (
            "ما زال لا خبر من {clinic} منذ {since}. كان على {name} تناول {medicines}، وعدد الجرعات كلها منذ ذلك "
            "الوقت: {count}، ولا أحد يعلم ما جرى لها. يرجى السؤال مرة أخرى."
        ),
        "not_heard_clinic_still": (
            "ما زال لا خبر من {clinic} منذ {since}. عدد الجرعات المستحقة هناك منذ ذلك الوقت: {count}، وعدد المرضى: "
            "{people}. لا أحد يعلم بعد ما جرى لها."
        ),
        "heard_again": "عاد الاتصال مع {clinic}؛ ما لم يكن معروفًا صار معروفًا.",
        "device_heard_again": "عاد الاتصال مع جهاز {name}.",
        "taken_after_all": "{name}: تم تناول {medicines} بالفعل.",
        "taken_after_all_when": "{name}: تم تناول {medicines} بالفعل في {time}.",
        "other": "{name}: {title}",
        "code": "رمزك لرسائل {clinic}: {code}. صالح لمدة 10 دقائق.",
        "booked": "{clinic}: تم حجز زيارتك.",
        "booked_when": "{clinic}: تم حجز زيارتك في {time}.",
        "waitlisted": "{clinic}: أنت في قائمة الانتظار. سنخبرك عند توفر مكان.",
        "promoted": "{clinic}: توفر مكان وتم حجز زيارتك.",
        "promoted_when": "{clinic}: توفر مكان وتم حجز زيارتك في {time}.",
        "delayed": "{clinic}: زيارتك متأخرة عن موعدها.",
        "delayed_minutes": "{clinic}: زيارتك متأخرة حوالي {minutes} دقيقة عن موعدها.",
        "delayed_when": "{clinic}: زيارتك الآن في {time}.",
        "next": "{clinic}: {token}، دورك هو التالي.",
        "next_room": "{clinic}: {token}، دورك هو التالي. يرجى البقاء قرب {room}.",
        "cancelled": "{clinic}: تم إلغاء زيارتك.",
        "displaced": "{clinic}: أُلغي موعدك؛ أنت في قائمة الانتظار لموعد آخر.",
        "missed": "{clinic}: كنا ننتظرك ولم نرك. يرجى مراجعة المكتب.",
        "message": "{clinic}: {message}",
        "emergency": "{clinic}: حالة طارئة أولًا؛ سيطول الانتظار. شكرًا لانتظارك.",
        "page_title": "تولي الأمر",
        "page_ask": "هل تتولى الأمر؟ عندها لن يُستدعى آخرون.",
        "page_button": "أنا أتولى الأمر",
        "page_done": "شكرًا. تم تسجيل أن أحدهم يتولى الأمر.",
        "page_over": "هناك من يتولى الأمر، أو انتهى.",
        "page_ended": "انتهت صلاحية هذا الرابط.",
        "page_wrong": "هذا الرابط غير كامل. افتحه من الرسالة مرة أخرى.",
    },
}
