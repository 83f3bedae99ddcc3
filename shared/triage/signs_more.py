"""Words for signs, the second half of the table; `sign_words` says how they are written."""

from __future__ import annotations

from typing import Final

SIGNS_B: Final = {
    "HEADACHE": (
        "headache* headach head_ache head_pain head_hurts head_hurting head_is_hurting",
        "सिरदर्द सरदर्द सिर_दर्द सर_दर्द सिर_में_दर्द सर_में_दर्द sirdard sardard sir_dard sar_dard sir_me_dard"
        " sar_me_dard sir_mein_dard",
        "dolor_de_cabeza dolores_de_cabeza duele_la_cabeza duele_mucho_la_cabeza cefalea*",
        "صداع ألم_في_الرأس ألم_الرأس وجع_رأس وجع_الرأس ألم_رأس وجع_راسي",
    ),
    "WORST": (
        "worst thunderclap explosive",
        "सबसे_तेज सबसे_बुरा सबसे_ज्यादा sabse_tez sabse_zyada sabse_bura",
        "peor",
        "أسوأ أقوى أشد",
    ),
    "SUDDEN": ("sudden suddenly", "अचानक achanak", "repente repentin* subit* bruscamente", "فجأة مفاجئ* فجاءة"),
    "STIFF": (
        "stiff* rigid*",
        "अकड़* akad*",
        "rigid* rigidez tieso tiesa",
        "تيبس متيبس* تصلب متصلب* متشنجة تشنج_الرقبة",
    ),
    "FEVER": (
        "fever* feverish febrile high_temperature",
        "बुखार ज्वर तेज_बुखार तेज़_बुखार bukhar bukhaar tez_bukhar",
        "fiebre* calentura* fiebre_alta fiebre_muy_alta febril",
        "حمى حرارة* سخونة محموم* حرارة_عالية حرارة_شديدة حمى_شديدة",
    ),
    "FLOPPY": (
        "floppy gone_limp went_limp is_limp goes_limp",
        "ढीला_पड़* सुस्त sust",
        "flacid* flojito desmadejad*",
        "مرتخي* رخو خامل خمول",
    ),
    "DROWSY": (
        "drowsy drowsiness sleepy letharg*",
        "सुस्त उनींदा sust",
        "somnolien* adormilad* aletargad* letarg*",
        "نعسان نعاس خمول خامل",
    ),
    "VERY": ("very so too extremely", "बहुत bahut", "muy", "جدا كثير"),
    "YOUNG": (
        "newborn newborns new_born neonat*",
        "नवजात navjaat",
        "recien_nacid* neonat*",
        "حديث_الولادة حديثة_الولادة مولود_جديد عمر*_شهر عمر*_شهرين عمر*_أسبوع عمر*_أسبوعين",
    ),
    "AGED": ("elderly", "बुजुर्ग बूढ़े बूढ़ी", "anciano anciana", "مسن مسنة"),
    "FEED": (
        "feed feeding feeds breastfeed* eat eating suck sucking",
        "दूध खा doodh khaa",
        "comer mamar toma tomar succiona",
        "يرضع ترضع الرضاعة رضاعة يأكل تأكل",
    ),
    "DRINK": ("drink drinking drinks", "पी पानी paani", "beber bebiendo tomar toma", "يشرب تشرب الشرب"),
    "PREGNANT": (
        "pregnant pregnancy",
        "गर्भवती गर्भ प्रेग्नेंट प्रेगनेंट garbhvati",
        "embaraz* encinta gestante",
        "حامل حبلى الحمل",
    ),
    "WATERS": (
        "waters_broke water_broke waters_broken water_broken waters_have_broken waters_breaking water_has_broken",
        "पानी_छूट* पानी_की_थैली झिल्ली_फट*",
        "rompi_aguas rompio_aguas roto_aguas rompio_la_fuente rompi_la_fuente rompio_fuente se_le_rompio_la_fuente"
        " rompiendo_aguas",
        "نزل_الماء نزول_الماء كيس_الماء نزلت_المياه كيس_المي",
    ),
    "LABOUR": (
        "in_labour in_labor labour_pain* labor_pain* contractions going_into_labour going_into_labor",
        "डिलीवरी_का_दर्द प्रसव_पीड़ा प्रसव_का_दर्द प्रसव_शुरू prasav_peeda",
        "contracciones trabajo_de_parto dolores_de_parto estoy_de_parto esta_de_parto",
        "مخاض المخاض طلق طلق_الولادة",
    ),
    "SNAKE": (
        "snake* snakebite*",
        "सांप साँप saanp sanp",
        "serpiente* culebra vibora",
        "ثعبان* أفعى حية_لدغ* لدغة_حية",
    ),
    "SCORPION": ("scorpion*", "बिच्छू bichhu", "alacran escorpion", "عقرب*"),
    "BURN": (
        "burn burned burnt burns scald*",
        "जल_गय* जल_गई जल_गए झुलस* jal_gay* jal_gai jal_gaya",
        "quemad* quemo quemadura* queme",
        "حرق حروق احترق* محروق* بحرق",
    ),
    "MAJOR": (
        "major large big severe severely serious whole deep third_degree all_over badly boiling",
        "बड़ा गंभीर पूरा बहुत बुरी bahut bura",
        "grande* grave* extens* hirviendo",
        "كبير* شديد* خطير* واسع*",
    ),
    "CHEMICAL": (
        "chemical* acid inhal* electric*",
        "तेजाब तेज़ाब करंट बिजली bijli",
        "quimic* acido electric*",
        "كيميائي كيماوي أسيد كهرباء كهربائي",
    ),
    "ELECTROCUTED": (
        "electrocut* electric_shock electrical_shock",
        "करंट_लग* बिजली_लग* बिजली_का_झटका current_lag* bijli_lag* bijli_ka_jhatka",
        "electrocut* descarga_electrica toque_electrico",
        "صعق* صعقة_كهربائية كهربته تكهرب*",
    ),
    "DROWN": ("drown*", "डूब* doob*", "ahogad* ahogamiento casi_se_ahog*", "غرق غريق غرقت يغرق"),
    "INJURY": (
        "injur* hit bang* bump* knock struck fell fall fallen accident trauma blow",
        "चोट गिर* chot gir gira giri gire",
        "golpe golpes golpeo golpead* traumatismo* caida cayo cai accidente",
        "ضربة ضرب إصابة أصيب سقط* وقع وقعت حادث خبطة",
    ),
    "FALL": ("fell fall fallen falls", "गिर* gira giri gire", "cayo caida cai caido", "سقط* وقع وقعت طاح"),
    "THINNER": (
        "blood_thinner* warfarin* anticoag* apixaban eliquis rivaroxaban xarelto heparin*",
        "खून_पतला* khoon_patla*",
        "sintrom acenocumarol anticoagul*",
        "مميع* سيولة وارفارين",
    ),
    "SUGAR": ("sugar glucose", "शुगर", "azucar glucosa glucemia", "سكر السكر سكره سكرها"),
    "HYPO": ("hypo hypoglyc* hypoglic*", "हाइपोग्लाइ*", "hipoglu* hipogli*", "هبوط_السكر هبوط_سكر هبوط_في_السكر"),
    "LOW": ("low dropped dropping", "कम लो kam", "baja bajo bajon bajaron", "منخفض* نازل انخفاض نقص"),
    "CONFUSED": (
        "confus* disorient* delirious delirium incoherent",
        "भ्रम उलझन bhram बहकी",
        "confund* desorient* delir* incoherente",
        "مشوش* ارتباك مرتبك* هذيان يهذي تهذي مشوش_الذهن",
    ),
    "BELLY_HARD": (
        "hard_belly belly_hard stomach_hard hard_stomach belly_is_hard stomach_is_hard abdomen_hard hard_abdomen"
        " rigid_abdomen board_like",
        "पेट_सख्त पेट_कड़ा pet_sakht",
        "barriga_dura vientre_duro abdomen_duro estomago_duro panza_dura vientre_en_tabla",
        "بطن_متحجر بطني_متحجر البطن_متحجر بطن_قاسي بطن_صلب بطنه_قاسي",
    ),
    "URINE": (
        "urine urinat* pee peeing urinated pass_urine passing_urine passed_urine",
        "पेशाब मूत्र peshab peshaab",
        "orina orinar orino orine orinado",
        "بول البول يبول تبول يتبول تتبول أتبول التبول",
    ),
    "RETENTION": (
        "urinary_retention urine_retention",
        "पेशाब_रुक* पेशाब_बंद peshab_band peshab_ruk*",
        "retencion_urinaria retencion_de_orina",
        "احتباس_البول احتباس_بول احتباس_بولي",
    ),
    "KEEP": (
        "keep_anything keep_any keep_water keep_food keep_fluids keep_liquids keep_medicine* keeping_anything"
        " keeping_food keeping_water keeping_fluids",
        "",
        "",
        "",
    ),
    "EXPELS_ALL": (
        "vomiting_everything vomits_everything vomit_everything throws_up_everything throwing_up_everything"
        " nothing_stays_down cant_drink cannot_drink unable_to_drink",
        "सब_उल्टी सब_कुछ_उल्टी",
        "vomita_todo vomito_todo devuelve_todo no_retiene no_tolera_liquidos no_tolera_nada",
        "يستفرغ_كل يتقيأ_كل لا_يستطيع_الشرب",
    ),
    "SEVERE": (
        "severe* severly unbearable excruciating extreme intense terrible worst agony",
        "असहनीय भयंकर भयानक तेज तेज़ बर्दाश्त बहुत_ज्यादा बहुत_तेज tez bahut_zyada bahut_tez asahniya",
        "intens* insoportable* terrible* fuertisim* fuerte fuertes sever* horrible* no_aguanto no_soporto",
        "شديد* لا_يطاق لا_يحتمل قوي* فظيع* مبرح رهيب*",
    ),
    "MISSED": (
        "missed missing skipped forgot ran_out stopped_taking",
        "छूट* भूल* bhool* chhoot*",
        "olvid* salto se_acabo",
        "نسي* نسيت فات* فوت",
    ),
    "VITAL_DRUG": (
        "insulin* warfarin* epilepsy_medicine* epilepsy_tablet* seizure_medicine* seizure_tablet* fits_medicine"
        " keppra valpro* levetir* phenyt* carbamaz*",
        "इंसुलिन मिर्गी_की_दवा mirgi_ki_dawa*",
        "insulina anticoagul* sintrom medicina_para_convuls* antiepilep* anticonvuls*",
        "إنسولين* انسولين دواء_الصرع علاج_الصرع",
    ),
    "DOUBLE_DOSE": (
        "double_dose* twice_the_dose took_twice dose_twice doubled_dose",
        "डबल_डोज दो_बार_दवा दोहरी_खुराक double_dose",
        "doble_dosis dosis_doble",
        "جرعة_مضاعفة جرعتين",
    ),
    "MEDICINE": (
        "medicine* medication* drug* antibiotic* tablet* treatment* pill pills injection vaccine",
        "दवा दवाई dawa dawai davai",
        "medicina* medicamento* tratamiento* antibiotic* pastilla* vacuna*",
        "دواء دوا علاج أدوية حبوب مضاد*",
    ),
    "NEWLY": ("after started", "बाद baad", "despues tras", "بعد"),
    "ASSAULT": (
        "assault* raped rape molest* beaten_up beat_me beats_me beating_me hits_me abused abuse* domestic_violence"
        " unsafe_at_home not_safe_at_home",
        "बलात्कार मारपीट मारता_है मारते_हैं balatkar maarpeet",
        "violada violacion violaron agredi* agresion abuso abusaron me_pega me_golpea maltrat* violencia",
        "اغتصاب* اغتصب* اعتداء اعتدى تحرش* يضربني عنف_أسري عنف_منزلي",
    ),
    "ANIMAL": (
        "dog dogs cat monkey bat rat animal",
        "कुत्ता कुत्ते बिल्ली बंदर kutta kutte bandar billi",
        "perro* gato* mono murcielago rata animal",
        "كلب* قطة قرد حيوان",
    ),
    "BITE": ("bite* bit bitten biting", "काट* kaat* kata", "mordio mordi mordedura* mordid*", "عض* عضة عضني"),
    "NEEDLE": (
        "needlestick* needle_stick* needle_prick* needle_injury",
        "सुई_चुभ* sui_chubh*",
        "pinchazo_con_aguja pincho_con_aguja pinchazo_accidental",
        "وخز_إبرة وخزة_إبرة وخز_بالإبرة",
    ),
    "STABBED": (
        "stabbed stab_wound* was_stabbed gunshot* gun_shot* got_shot been_shot was_shot",
        "चाकू_लग* चाकू_मार* गोली_लग* गोली_मार* chaku_mar* goli_lag* goli_mar*",
        "apunal* cuchillad* navajazo* balazo* herida_de_bala herida_de_arma",
        "طعنة طعن_بسكين طعنه طلق_ناري رصاصة رصاص",
    ),
    "ACCIDENT": (
        "road_accident* car_accident* bike_accident* motorcycle_accident* traffic_accident* hit_by_a hit_by_car"
        " run_over car_crash crashed car_hit was_hit_by",
        "एक्सीडेंट दुर्घटना accident",
        "accidente_de_* atropell* choque",
        "حادث_سير حادث_سيارة حادث حوادث دهس*",
    ),
    "OPEN_FRACTURE": (
        "open_fracture* compound_fracture* bone_sticking bone_is_out",
        "हड्डी_बाहर haddi_bahar",
        "fractura_expuesta fractura_abierta hueso_salido hueso_expuesto",
        "كسر_مفتوح",
    ),
    "ASTHMA": ("asthma* astma", "दमा अस्थमा", "asma", "ربو الربو"),
    "WHEEZE": ("wheez*", "घरघराहट", "sibilanc* silbido*", "صفير"),
    "IMMUNE": (
        "chemo chemotherapy transplant* steroid* immunosupp*",
        "कीमो* स्टेरॉयड प्रत्यारोपण",
        "quimio* trasplant* esteroid* corticoid* inmunosup*",
        "كيماوي كيميائي زراعة_كلى زراعة_كلية كورتيزون نقص_المناعة",
    ),
    "DIARRHOEA": ("diarrh* diarre*", "दस्त dast loose_motion*", "diarrea*", "إسهال*"),
    "OXYGEN": ("oxygen spo sats saturation", "ऑक्सीजन", "oxigeno saturacion", "أكسجين الأكسجين اكسجين"),
}  # fmt: skip
