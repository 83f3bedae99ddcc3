"""Words for signs, the first half of the table; `sign_words` says how they are written."""

from __future__ import annotations

from typing import Final

SIGNS_A: Final = {
    "PAIN": (
        "pain pains painful paining pian hurt hurts hurting ache aches aching sore soreness chestpain toothache"
        " backache earache stomachache",
        "दर्द दरद पीड़ा दुख* dard pida peeda dukh*",
        "dolor dolores duele duelen doler doliendo",
        "ألم آلام ألما وجع* يوجع* توجع* بيوجع* تؤلم* يؤلم* مؤلم",
    ),
    "PRESSURE": (
        "pressure tight tightness tightening squeez* crush* heavy heaviness discomfort",
        "दबाव भारी भारीपन जकड़न dabav bhari bharipan jakdan",
        "presion opresion opresiv* apret*",
        "ضغط ثقل ضيق انقباض",
    ),
    "ATTACK": ("attack attak", "अटैक दौरा दौरे daura", "ataque", "نوبة أزمة جلطة ذبحة"),
    "HEART_ATTACK": (
        "heart_attack* hart_attack angina",
        "दिल_का_दौरा हार्ट_अटैक dil_ka_daura",
        "infarto* ataque_al_corazon",
        "نوبة_قلبية جلطة_قلبية ذبحة_صدرية أزمة_قلبية",
    ),
    "SWEAT": ("sweat*", "पसीना पसीने paseena pasina", "sudor* sudando", "عرق تعرق يتعرق أتعرق"),
    "BREATHE": (
        "breath breathe breathes breathing breth brething breeth breathin",
        "सांस साँस सांसें श्वास saans sans swas",
        "respirar respira respiran respire respiro respirando respiracion aire aliento",
        "تنفس* يتنفس* تتنفس* أتنفس*",
    ),
    "NAFAS": ("", "", "", "نفس نفسه نفسي نفسها"),
    "TROUBLE": (
        "trouble difficulty difficulties difficult problem problems issue issues struggling struggles laboured"
        " labored distress hard fast rapid rapidly heavily heavy",
        "तकलीफ दिक्कत परेशानी मुश्किल समस्या फूल* dikkat takleef taklif pareshani phool* fool* तेज",
        "dificultad* problema* cuesta rapido agitado agitada mal",
        "ضيق صعوبة مشكلة كتمة بصعوبة سريع بسرعة",
    ),
    "BARELY": ("barely hardly scarcely", "मुश्किल_से mushkil_se", "apenas casi_no", "بالكاد"),
    "BREATHLESS": (
        "breathless* short_of_breath shortness_of_breath short_of_breadth out_of_breath sob dyspn*"
        " respiratory_distress",
        "सांस_फूल* सांस_चढ़* दम_फूल* हांफ* saans_phool* saans_fool* saans_chadh* dam_phool*",
        "falta_de_aire falta_el_aire falta_aire me_ahogo disnea dificultad_respiratori* sofoco",
        "نهجان لهاث انقطاع_النفس يلهث",
    ),
    "CHOKE": (
        "choke choked choking gasp gasping suffocat* asphyxi*",
        "दम_घुट* गला_घुट* dam_ghut*",
        "atragant* asfixi* ahogando* jadea*",
        "يختنق تختنق أختنق اختناق اختنق مختنق*",
    ),
    "BLUE": (
        "blue bluish",
        "नीला नीले नीली neele nila nile",
        "azul azules morados moradas",
        "أزرق زرقاء مزرق* زرقة ازرق*",
    ),
    "CYANOSIS": ("cyanosis cyanotic", "", "cianosis cianotic*", ""),
    "CLOSING": ("closing closed closes", "घुट*", "cierra cerrando cerrada cerrado", "انسد* ينسد مسدود يغلق مغلق"),
    "SWELL": ("swell* swollen swelled", "सूज* sujan soojan suja*", "hinch*", "ورم تورم* متورم* وارم* انتفاخ منتفخ*"),
    "ANAPHYLAXIS": ("anaphyla*", "", "anafila*", "صدمة_تحسسية"),
    "HIVES": ("hives urticaria", "पित्ती pitti", "urticaria ronchas", "شرى أرتكاريا"),
    "RASH": ("rash rashes", "चकत्ते दाने chakatte daane", "erupcion* sarpullido* salpullido*", "طفح*"),
    "ALLERGY": ("allerg*", "एलर्जी", "alerg*", "حساسية تحسس*"),
    "REACTION": ("reaction reactions", "रिएक्शन", "reaccion*", "تفاعل"),
    "STROKE": (
        "stroke strok",
        "लकवा स्ट्रोक पक्षाघात lakwa lakva",
        "derrame ictus apoplejia ataque_cerebral embolia cara_caida boca_caida",
        "جلطة جلطة_دماغية سكتة سكتة_دماغية",
    ),
    "DROOP": (
        "droop* drooping twisted crooked sagging",
        "टेढ़ा टेढ़ी लटक* tedha tedhi",
        "torcid* desviad* paralizad* chueca torcio",
        "مائل* ارتخاء معوج* ملتوي* انحراف شلل اعوجاج",
    ),
    "WEAK": (
        "weak weakness paralys* paralyz*",
        "कमजोर* कमज़ोर* kamzor* kamjor*",
        "debil* paraliz* paralis*",
        "ضعف ضعيف* شلل مشلول*",
    ),
    "NUMB": ("numb numbness", "सुन्न", "adormecid* entumecid* dormido dormida", "خدر خدران تنميل"),
    "MOVE": ("move moving moves", "हिल*", "mover mueve muevo moverse", "يتحرك تتحرك يحرك تحرك أحرك تحريك"),
    "SLURRED": (
        "slurred slurring slurs",
        "लड़खड़ा* ladkhada* larkhada*",
        "arrastra_las_palabras habla_arrastrad* habla_raro balbuce*",
        "تلعثم* ثقل_في_اللسان ثقل_اللسان ثقل_في_الكلام ثقل_في_النطق",
    ),
    "SPEAK": (
        "speak speaking talk talking",
        "बोल बोलना बोलने bol bolna",
        "hablar habla hablando",
        "يتكلم تتكلم أتكلم الكلام التكلم النطق ينطق تنطق",
    ),
    "SEE": ("see seeing", "दिख* दिखाई dikh* dikhai", "ver veo ve", "يرى أرى ترى الرؤية يشوف أشوف تشوف"),
    "SIGHT_LOST": (
        "lost_vision lost_sight vision_loss loss_of_vision loss_of_sight blindness",
        "नजर_चली रोशनी_चली दिखना_बंद दिखाई_देना_बंद",
        "perdi_la_vista perdio_la_vista perdida_de_vision perdida_de_la_vision ceguera",
        "فقدان_البصر فقد_البصر فقدت_البصر فقدان_الرؤية",
    ),
    "BLIND": ("blind", "अंधा अंधी", "ciego ciega", "أعمى عمياء العمى"),
    "SIGHT": ("vision eyesight sight", "नजर दृष्टि nazar", "vista vision", "بصر* البصر نظر* رؤية الرؤية"),
    "BLUR": (
        "blur* double_vision",
        "धुंधल* dhundhl*",
        "borros* vision_doble veo_doble",
        "ضبابي* غباش زغللة تشوش_الرؤية رؤية_مزدوجة",
    ),
    "UNCONSCIOUS": (
        "unconsc* unconcious* unresponsive coma lifeless",
        "बेहोश अचेत behosh",
        "inconscien* coma",
        "غيبوبة فاقد_الوعي فاقدة_الوعي غائب_عن_الوعي",
    ),
    "SENSES_LOST": (
        "lost_consciousness loss_of_consciousness lost_conscious* losing_consciousness knocked_out collaps*",
        "बेहोश_हो_गय* बेहोश_हो_गई बेहोशी behoshi behosh_ho_gay*",
        "perdio_el_conocimiento perdi_el_conocimiento perdida_de_conocimiento perdido_el_conocimiento"
        " perdio_la_conciencia perdida_de_conciencia sin_conocimiento sin_sentido colaps* desplom*",
        "فقد_الوعي فقدت_الوعي فقدان_الوعي فقدان_للوعي فقد_وعيه فقدت_وعيها انهار انهارت",
    ),
    "CONSCIOUS": ("conscious", "होश hosh", "consciente", "الوعي وعيه وعيها واعي واعية"),
    "WAKE": (
        "wake waking woken awake rouse wakeup",
        "जाग* jaag* jag",
        "despierta despertar despierte",
        "يستيقظ تستيقظ يصحى تصحى يفيق تفيق",
    ),
    "RESPOND": ("respond responding responds reacting", "", "responde reacciona", "يستجيب تستجيب"),
    "FAINT": (
        "faint fainted fainting faints passed_out passing_out passes_out blacked_out blackout syncope",
        "मूर्छ* मूर्च्छ* गश चक्कर_खाकर_गिर* murcha*",
        "desmay* desvanec* sincope",
        "أغمي إغماء يغمى مغمى",
    ),
    "SEIZURE": (
        "seizure* siezure* seizer* convuls* fits a_fit having_fit epileptic_attack* epileptic_fit*",
        "मिर्गी_का_दौरा दौरा_पड़* दौरे_पड़* दौरे_आ* झटके_आ* ऐंठन mirgi_ka_daura daura_pad* daure_pad* daure_aa*",
        "convuls* ataque_epileptic* ataques_epileptic* crisis_epileptic* ataque_de_epilepsia",
        "تشنج* يتشنج تتشنج اختلاج* نوبة_صرع نوبات_صرع نوبة_صرعية",
    ),
    "NOW": ("now still ongoing currently", "अभी abhi", "ahora todavia sigue", "الآن الحين هلأ"),
    "BLEED": (
        "bleed bleeding bleeds losing_blood hemorrhag* haemorrhag*",
        "खून_बह* खून_निकल* खून_आ* खून_जा* रक्तस्राव khoon_beh* khoon_nikal* khoon_aa*",
        "sangra sangrado sangrando sangrar sangro hemorragia*",
        "نزيف* ينزف تنزف أنزف نزف",
    ),
    "BLOOD": ("blood bloody", "खून खूनी रक्त khoon khun", "sangre", "دم دما دموي دموية دمه"),
    "UNSTOPPED": (
        "wont_stop not_stopping not_stop doesnt_stop cant_stop cannot_stop isnt_stopping will_not_stop non_stop"
        " nonstop uncontrolled uncontrollable not_stopped hasnt_stopped spurting cant_control cannot_control",
        "नहीं_रुक* रुक_नहीं रुक_ही_नहीं बंद_नहीं नहीं_बंद nahi_ruk* ruk_nahi band_nahi nahi_band",
        "no_para no_se_para no_se_detiene no_deja_de no_cesa no_se_corta no_puedo_parar",
        "لا_يتوقف ما_يتوقف ما_يوقف ما_بيوقف لا_يقف مش_راضي_يوقف لم_يتوقف",
    ),
    "HEAVY": (
        "heavy heavily lots massive a_lot profuse* gushing pouring severe* too_much",
        "बहुत ज्यादा ज़्यादा तेज bahut zyada jyada",
        "mucho mucha abundante* fuerte intens*",
        "شديد* كثير* غزير* قوي* حاد",
    ),
    "VOMIT": (
        "vomit* vomm* throwing_up threw_up throws_up puking",
        "उल्टी उलटी उल्टियां उल्टियाँ ulti ultee ultiyan",
        "vomit*",
        "قيء قئ القيء يتقيأ تتقيأ أتقيأ تقيؤ استفراغ يستفرغ تستفرغ أستفرغ استفرغ ترجيع",
    ),
    "COUGH": (
        "cough* spit spitting spat sputum phlegm",
        "खांसी खाँसी खांस* बलगम थूक khansi khaansi balgam",
        "tos tose tosiendo toser esputo flema escup*",
        "سعال كحة يسعل تسعل أسعل بلغم السعال",
    ),
    "STOOL": (
        "stool stools poo poop faeces feces motion motions",
        "मल टट्टी पॉटी tatti potty latrine",
        "heces caca deposicion* popo excremento*",
        "براز البراز خروج",
    ),
    "BLACK": ("black tarry", "काला काली काले kala kali kale", "negro negra negras negros", "أسود سوداء سودا"),
    "MELAENA": ("melena melaena malena", "", "melena", ""),
    "OVERDOSE": ("overdos* over_dose", "ओवरडोज*", "sobredosis", "جرعة_زائدة جرعة_مفرطة"),
    "TOO_MANY": ("too_many whole_bottle entire_bottle", "", "demasiadas demasiados", ""),
    "MANY": (
        "many lots a_lot",
        "बहुत_सारी बहुत_सी ज्यादा ज़्यादा bahut_sari zyada jyada",
        "muchas muchos todo_el_frasco",
        "كثير* الكثير علبة",
    ),
    "PILL": (
        "pill pills tablet tablets capsule*",
        "गोली गोलियां गोलियाँ goli goliyan दवा dawai",
        "pastilla* pildora* tableta*",
        "حبوب حبة أقراص حبات",
    ),
    "SWALLOW": (
        "swallowed swallows ingested drank ate eaten took taken swallow",
        "निगल* खा_ली खा_लीं खा_लिया पी_लिया पी_ली kha_li kha_liya pi_liya pi_li nigal*",
        "trago tragado trague ingirio tomo tome bebio bebi comio ingerido tomado bebido",
        "بلع* ابتلع* شرب* تناول* أخذ* أكل*",
    ),
    "POISON": (
        "poison poisoned poisoning pesticide* insecticide*",
        "ज़हर जहर कीटनाशक zahar zeher jahar",
        "veneno envenen* intoxicad* intoxicacion plaguicida* raticida",
        "تسمم* متسمم* سموم مبيد*",
    ),
    "FOOD_POISONING": (
        "food_poison*",
        "फूड_पॉइजनिंग",
        "intoxicacion_alimentaria intoxicacion_por_alimentos",
        "تسمم_غذائي",
    ),
    "CAUSTIC": (
        "bleach kerosene acid battery batteries magnet* petrol gasoline detergent chemical* phenyl",
        "बैटरी तेजाब तेज़ाब केरोसिन फिनाइल चुंबक tezab phenyl",
        "lejia cloro pila pilas bateria imanes acido gasolina detergente",
        "سم بطارية كاز أسيد كلور مغناطيس بنزين منظف حمض",
    ),
    "SUICIDE": (
        "suicid* kill_myself killing_myself kill_himself kill_herself want_to_die wants_to_die wanting_to_die"
        " wanna_die end_my_life ending_my_life end_his_life end_her_life take_my_life took_his_life hurting_myself"
        " harm_myself self_harm* better_off_dead dont_want_to_live not_want_to_live doesnt_want_to_live"
        " no_reason_to_live cannot_go_on_living want_to_hurt_myself",
        "आत्महत्या खुदकुशी मरना_चाहत* मरना_है मर_जाना_चाहत* जान_देना जान_दे_द* जीना_नहीं_चाहत* खुद_को_मार*"
        " खुद_को_ख़त्म खुद_को_नुकसान aatmahatya khudkushi marna_chahat* jeena_nahi_chahat* jina_nahi_chahat*",
        "suicid* quiero_morir* quiere_morir* matarme matarse me_quiero_matar se_quiere_matar quitarme_la_vida"
        " quitarse_la_vida no_quiero_vivir no_quiere_vivir no_quiero_seguir_viviendo hacerme_dano",
        "انتحار* انتحر ينتحر أنتحر أريد_أن_أموت يريد_أن_يموت تريد_أن_تموت أريد_الموت أبغى_أموت بدي_أموت عايز_أموت"
        " عايزة_أموت أقتل_نفسي يقتل_نفسه تقتل_نفسها قتل_نفسي قتل_نفسه إيذاء_نفسي أؤذي_نفسي لا_أريد_العيش"
        " لا_أريد_أن_أعيش",
    ),
    "HARM": (
        "kill_someone kill_him kill_her kill_them kill_people hurt_someone harm_others harm_someone hurt_others",
        "किसी_को_मार* जान_से_मार*",
        "matar_a_alguien matarlo matarla hacer_dano_a_otros",
        "أقتل_أحد أقتله أقتلها أؤذي_أحد أؤذي_الآخرين",
    ),
}  # fmt: skip
