import { words } from "../../../../shared/ui/i18n";

export const WORDS = words(
  {
    title: "Patients", search: "Name or phone", site: "Clinic", all: "all clinics", found: "Patients found", empty: "No patient is known yet",
    empty_hint: "Patients are registered at the clinic's desk and appear here by themselves.", nobody: "Nobody is called that. Search for a part of the name or phone.",
    plan: "has a plan", nobody_n: "{n} alerts nobody is on yet", nobody_one: "1 alert nobody is on yet", look_n: "{n} recordings to listen to", look_one: "1 recording to listen to", age: "age {n}", more: "Only the first {n} are shown. Search to find others.", only_plans: "Only those with a plan",
  },
  {
    hi: {
      title: "मरीज़", search: "नाम या फ़ोन", site: "क्लिनिक", all: "सभी क्लिनिक", found: "मिले मरीज़", empty: "अभी कोई मरीज़ नहीं",
      empty_hint: "मरीज़ क्लिनिक के डेस्क पर दर्ज होते हैं और यहाँ अपने आप दिखते हैं।", nobody: "इस नाम का कोई नहीं। नाम या फ़ोन का हिस्सा खोजें।",
      plan: "योजना है", nobody_n: "{n} चेतावनियाँ कोई नहीं देख रहा", nobody_one: "1 चेतावनी कोई नहीं देख रहा", look_n: "{n} रिकॉर्डिंग सुननी हैं", look_one: "1 रिकॉर्डिंग सुननी है", age: "आयु {n}", more: "केवल पहले {n} दिखाए गए। बाक़ी के लिए खोजें।", only_plans: "केवल योजना वाले",
    },
    es: {
      title: "Pacientes", search: "Nombre o teléfono", site: "Clínica", all: "todas las clínicas", found: "Pacientes encontrados", empty: "Aún no hay pacientes",
      empty_hint: "Los pacientes se registran en la recepción de la clínica y aparecen aquí solos.", nobody: "Nadie se llama así. Busque parte del nombre o del teléfono.",
      plan: "tiene plan", nobody_n: "{n} alertas aún sin nadie", nobody_one: "1 alerta aún sin nadie", look_n: "{n} grabaciones por escuchar", look_one: "1 grabación por escuchar", age: "{n} años", more: "Solo se muestran los primeros {n}. Busque para ver otros.", only_plans: "Solo con plan",
    },
    ar: {
      title: "المرضى", search: "الاسم أو الهاتف", site: "العيادة", all: "كل العيادات", found: "المرضى", empty: "لا مرضى بعد",
      empty_hint: "يُسجَّل المرضى عند مكتب العيادة ويظهرون هنا تلقائيًا.", nobody: "لا أحد بهذا الاسم. ابحث بجزء من الاسم أو الهاتف.",
      plan: "لديه خطة", nobody_n: "تنبيهات لم يتولَّها أحد بعد: {n}", nobody_one: "تنبيه لم يتولَّه أحد بعد", look_n: "تسجيلات تنتظر من يسمعها: {n}", look_one: "تسجيل ينتظر من يسمعه", age: "العمر {n}", more: "تظهر أول {n} فقط. ابحث عن غيرهم.", only_plans: "من لديهم خطة فقط",
    },
  },
);
