/** What staff are refused, in the languages that are not the server's own. Fetched soon after the page. */
import { tellAlso } from "../../../../shared/ui/problems";

tellAlso({
  double_booking: {
    hi: ["इस व्यक्ति की उस दिन एक मुलाक़ात पहले से है।", "मौजूदा मुलाक़ात देखें, या दूसरी के लिए कारण लिखें।"],
    es: ["Esta persona ya tiene una visita ese día.", "Mire la que ya existe o indique el motivo de otra."],
    ar: ["لهذا الشخص زيارة في ذلك اليوم.", "انظر إلى الزيارة الموجودة أو اكتب سببًا لزيارة أخرى."],
  },
  full: {
    hi: ["यह समय भरा है।", "दूसरा समय चुनें या प्रतीक्षा सूची लें।"],
    es: ["Este turno está lleno.", "Elija otro o use la lista de espera."],
    ar: ["هذا الموعد ممتلئ.", "اختر غيره أو استخدم قائمة الانتظار."],
  },
  waitlist_full: {
    hi: ["प्रतीक्षा सूची भर गई है।", "दूसरा समय चुनें।"],
    es: ["La lista de espera está llena.", "Elija otro turno."],
    ar: ["قائمة الانتظار ممتلئة.", "اختر موعدًا آخر."],
  },
  waitlisted: {
    hi: ["यह अभी प्रतीक्षा सूची में है।", "जगह खाली होने पर अपने आप बुक होगा।"],
    es: ["Está aún en la lista de espera.", "Se citará solo cuando haya sitio."],
    ar: ["لا يزال على قائمة الانتظار.", "يُحجز تلقائيًا عند توفر مكان."],
  },
  past: {
    hi: ["यह समय बीत चुका है।", "आगे का समय चुनें।"],
    es: ["Esa hora ya ha pasado.", "Elija una posterior."],
    ar: ["مضى هذا الوقت.", "اختر وقتًا لاحقًا."],
  },
  overlap: {
    hi: ["इस डॉक्टर का इसी समय दूसरा समय है।", "ऐसा समय चुनें जो उससे न टकराए।"],
    es: ["El médico ya tiene un turno a esa hora.", "Elija horas que no se solapen."],
    ar: ["للطبيب موعد آخر في هذا الوقت.", "اختر وقتًا لا يتداخل معه."],
  },
  slot_cancelled: {
    hi: ["यह समय रद्द है।", "इसे फिर खोलें या दूसरा चुनें।"],
    es: ["Este turno está cancelado.", "Ábralo de nuevo o elija otro."],
    ar: ["هذا الموعد ملغى.", "أعد فتحه أو اختر غيره."],
  },
  ends_before_start: {
    hi: ["यह शुरू होने से पहले समाप्त होता है।", "शुरू और अंत देखें।"],
    es: ["Termina antes de empezar.", "Revise el inicio y el final."],
    ar: ["ينتهي قبل أن يبدأ.", "تحقق من البداية والنهاية."],
  },
  capacity_taken: {
    hi: ["इससे अधिक जगहें भर चुकी हैं।", "पहले कुछ बुकिंग रद्द करें।"],
    es: ["Ya hay más plazas ocupadas.", "Cancele antes algunas citas."],
    ar: ["الأماكن المحجوزة أكثر من ذلك.", "ألغِ بعض الحجوزات أولًا."],
  },
  another_day: {
    hi: ["यह बुकिंग दूसरे दिन की है।", "तारीख देखें।"],
    es: ["La cita es de otro día.", "Revise la fecha."],
    ar: ["هذا الحجز ليوم آخر.", "تحقق من التاريخ."],
  },
  open_visits: {
    hi: ["अभी मुलाक़ातें या बुकिंग बाकी हैं।", "पहले उन्हें पूरा करें, आगे भेजें या रद्द करें।"],
    es: ["Aún hay visitas o citas abiertas.", "Termínelas, derívelas o cancélelas antes."],
    ar: ["لا تزال هناك زيارات أو حجوزات مفتوحة.", "أنهِها أو حوّلها أو ألغِها أولًا."],
  },
  taken: {
    hi: ["यह नाम या कोड पहले से है।", "दूसरा चुनें।"],
    es: ["Ese nombre o código ya existe.", "Elija otro."],
    ar: ["هذا الاسم أو الرمز مستخدم.", "اختر غيره."],
  },
  same_place: {
    hi: ["यह पहले से वहीं है।", "दूसरी सेवा या डॉक्टर चुनें।"],
    es: ["Ya está ahí.", "Elija otro servicio o médico."],
    ar: ["هو هناك بالفعل.", "اختر خدمة أو طبيبًا آخر."],
  },
  other_doctor: {
    hi: ["यह दूसरे डॉक्टर का मरीज़ है।", "पहले आगे भेजें।"],
    es: ["Es de otro médico.", "Derívelo antes."],
    ar: ["هو لطبيب آخر.", "حوّله أولًا."],
  },
  other_service: {
    hi: ["यह दूसरी सेवा की प्रतीक्षा में है।", "पहले आगे भेजें।"],
    es: ["Espera otro servicio.", "Derívelo antes."],
    ar: ["ينتظر خدمة أخرى.", "حوّله أولًا."],
  },
  not_undoable: {
    hi: ["इसे वापस नहीं लिया जा सकता।", "सूची देखें और जैसा है वैसा सुधारें।"],
    es: ["Esto no se puede deshacer.", "Mire la lista y corríjalo allí."],
    ar: ["لا يمكن التراجع عن هذا.", "انظر إلى القائمة وصحّحه هناك."],
  },
  not_found: {
    hi: ["यह अब नहीं है।", "सूची फिर देखें।"],
    es: ["Esto ya no existe.", "Mire la lista otra vez."],
    ar: ["لم يعد موجودًا.", "انظر إلى القائمة مرة أخرى."],
  },
  forbidden: {
    hi: ["इस खाते को इसकी अनुमति नहीं है।", "जिसकी यह भूमिका है उससे कहें, या प्रबंधक से।"],
    es: ["Esta cuenta no puede hacerlo.", "Pídalo a quien tenga ese permiso o al responsable."],
    ar: ["لا يُسمح لهذا الحساب بذلك.", "اطلب ممن له هذا الدور أو من المدير."],
  },
  http_422: {
    hi: ["कुछ लिखा हुआ ठीक नहीं है।", "ऊपर के खाने देखें।"],
    es: ["Algún dato no es válido.", "Revise los campos de arriba."],
    ar: ["إحدى البيانات غير صحيحة.", "تحقق من الحقول أعلاه."],
  },
});
