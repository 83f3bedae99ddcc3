/** `/` for a browser: which page do you want on this machine? */
import type { JSX } from "preact";
import { LanguagePicker, start } from "../../../shared/ui/components";
import { useWords, words } from "../../../shared/ui/i18n";
import mark from "../../../shared/ui/mark.svg";
import "./start.css";

const WORDS = words(
  {
    title: "What is this screen for?",
    kiosk: "Kiosk", kiosk_is: "Patients touch it and get their number.",
    display: "Waiting room screen", display_is: "Shows and says who is called.",
    desk: "Desk", desk_is: "Reception registers, checks in and calls.",
    doctor: "Doctor", doctor_is: "One doctor's patients, one key per act.",
    book: "Bookings", book_is: "The appointment book of the clinic.",
    admin: "Manage", admin_is: "Doctors, accounts, queues and the audit.",
    health: "Health", health_is: "Is everything working, and what to do.",
    signin: "Sign in", signin_is: "For staff, on this machine.",
    foot: "This clinic's computer serves these pages itself. They work without internet.",
  },
  {
    hi: {
      title: "यह स्क्रीन किस लिए है?",
      kiosk: "कियोस्क", kiosk_is: "मरीज़ छूकर अपना नंबर लेते हैं।",
      display: "प्रतीक्षालय की स्क्रीन", display_is: "दिखाती और बोलती है कि किसे बुलाया गया।",
      desk: "डेस्क", desk_is: "रिसेप्शन दर्ज करता, आगमन लिखता और बुलाता है।",
      doctor: "डॉक्टर", doctor_is: "एक डॉक्टर के मरीज़, हर काम की एक कुंजी।",
      book: "बुकिंग", book_is: "क्लिनिक की समय-पुस्तिका।",
      admin: "प्रबंधन", admin_is: "डॉक्टर, खाते, कतारें और लेखा-जोखा।",
      health: "हालत", health_is: "क्या सब चल रहा है, और क्या करना है।",
      signin: "साइन इन", signin_is: "कर्मचारियों के लिए, इसी मशीन पर।",
      foot: "ये पन्ने इसी क्लिनिक के कंप्यूटर से आते हैं। ये बिना इंटरनेट चलते हैं।",
    },
    es: {
      title: "¿Para qué es esta pantalla?",
      kiosk: "Quiosco", kiosk_is: "El paciente toca y recibe su número.",
      display: "Pantalla de la sala de espera", display_is: "Muestra y anuncia a quién se llama.",
      desk: "Recepción", desk_is: "Registra, anota llegadas y llama.",
      doctor: "Médico", doctor_is: "Los pacientes de un médico, una tecla por acción.",
      book: "Citas", book_is: "La agenda de la clínica.",
      admin: "Gestión", admin_is: "Médicos, cuentas, colas y auditoría.",
      health: "Estado", health_is: "Si todo funciona, y qué hacer.",
      signin: "Iniciar sesión", signin_is: "Para el personal, en este equipo.",
      foot: "El ordenador de la clínica sirve estas páginas. Funcionan sin internet.",
    },
    ar: {
      title: "لأي غرض هذه الشاشة؟",
      kiosk: "جهاز الأرقام", kiosk_is: "يلمسه المرضى ليحصلوا على رقمهم.",
      display: "شاشة غرفة الانتظار", display_is: "تعرض وتنطق الرقم المطلوب.",
      desk: "المكتب", desk_is: "يسجّل الاستقبال ويثبت الوصول ويستدعي.",
      doctor: "الطبيب", doctor_is: "مرضى طبيب واحد، مفتاح لكل عمل.",
      book: "الحجوزات", book_is: "دفتر مواعيد العيادة.",
      admin: "الإدارة", admin_is: "الأطباء والحسابات والطوابير والسجل.",
      health: "الحالة", health_is: "هل يعمل كل شيء، وما العمل.",
      signin: "تسجيل الدخول", signin_is: "للموظفين على هذا الجهاز.",
      foot: "حاسوب العيادة نفسه يقدّم هذه الصفحات، وهي تعمل بلا إنترنت.",
    },
  },
);

/** Drawn, not typed: an emoji needs a font that a wall tablet may not have. */
const PAGES = [
  ["kiosk", "M8 3h8a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zm4 7v6m-2.5-3.5L12 10l2.5 2.5"],
  ["display", "M3 4h18v12H3zM8 20h8m-4-4v4"],
  ["desk", "M4 6h10M4 12h10M4 18h10m4-13v14m0 0-2.5-2.5M18 19l2.5-2.5"],
  ["doctor", "M12 4a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM5 20c.6-3.8 3.4-6 7-6s6.4 2.2 7 6m-7-3.5v3M10.500 18h3"],
  ["book", "M4 6h16v14H4zM4 10h16M8 3v5m8-5v5M8 14h3m2 0h3m-8 3h3"],
  ["admin", "M5 7h8m4 0h2M5 12h2m4 0h8M5 17h10m4 0h0M15 5v4M9 10v4m8 1v4"],
  ["health", "M3 12h4l2.500-6 5 12 2.500-6h4"],
  ["signin", "M15 8a4 4 0 1 1-3.5 5.9L9 16H7v2H5v2H3v-3l6.2-6.2A4 4 0 0 1 15 8z"],
] as const;

function Start(): JSX.Element {
  const t = useWords(WORDS);
  return (
    <main class="start">
      <header><img src={mark} alt="Outpost" width="52" height="52" /><h1>{t("title")}</h1></header>
      <ul>
        {PAGES.map(([name, drawing]) => (
          <li key={name}>
            <a class="card" href={`/pages/${name === "signin" ? "sign-in" : name}`}>
              <span class="sign" aria-hidden="true">
                <svg viewBox="0 0 24 24" width="32" height="32" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"><path d={drawing} /></svg>
              </span>
              <strong>{t(name)}</strong>
              <span class="quiet">{t(`${name}_is`)}</span>
            </a>
          </li>
        ))}
      </ul>
      <footer><p class="quiet">{t("foot")}</p><LanguagePicker among={["en", "hi", "es", "ar"]} remember /></footer>
    </main>
  );
}

start(<Start />);
