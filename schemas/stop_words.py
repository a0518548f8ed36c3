"""The words by which people say that they want no more messages, as they come built in.

Each is the whole of what somebody writes or presses; spelling is not minded (see
`schemas.suppressions.plain`). Left out is what in a chat with a shop mostly means something else:

- an order or a talk that ends: cancel, end, cancelar, annuler, iptal, 取消, отмена, إلغاء;
- an answer to a question: no, fin, basta, chega, хватит, alto, para; "closed?": बंद, বন্ধ, بند;
- "wait": रुको, رکو; an answer put off: отписка; an everyday word of another language: dur, ret, td.

`OPT_OUT_WORDS` adds what a business knows its own customers to write.
"""

from typing import Final

# No more messages at all.
ALL: Final = {
    "en": (
        "stop", "stop all", "stop it", "stop please", "please stop", "stop this", "stop now",
        "stop messages", "stop messaging", "stop messaging me", "stop texting me",
        "stop sending", "stop sending messages", "stop sending me messages", "stop spam",
        "stop spamming", "stop spamming me", "unsubscribe", "unsubscribe me", "unsubscribe all",
        "please unsubscribe", "please unsubscribe me", "opt out", "opt me out", "quit", "revoke",
        "remove me", "please remove me", "remove my number", "no more messages",
        "do not message me", "don't message me", "do not contact me", "don't contact me",
        "do not text me", "don't text me",
    ),
    "zh": (
        "停止", "退订", "退訂", "取消订阅", "取消訂閱", "拒收", "停止发送", "停止發送", "别再发了",
        "別再發了", "不要再发了", "不要再發了", "请停止", "請停止", "不要再联系我", "不要再聯繫我",
    ),
    "hi": (
        "स्टॉप", "बंद करो", "बंद करें", "बंद कर दो", "बन्द करो", "बन्द करें", "रोको", "रोकें",
        "मैसेज बंद करो", "मैसेज बंद करें", "संदेश बंद करें", "मैसेज मत भेजो", "संदेश मत भेजो",
        "मत भेजो", "अनसब्सक्राइब", "सदस्यता समाप्त करें", "band karo", "band kar do",
        "message band karo", "msg band karo", "message mat bhejo", "msg mat bhejo", "mat bhejo",
    ),
    "es": (
        "baja", "darme de baja", "dar de baja", "dame de baja", "darse de baja",
        "quiero darme de baja", "parar", "detener", "desuscribir", "desuscribirme",
        "desuscribirse", "desuscríbeme",
        "cancelar suscripción", "anular suscripción", "no más mensajes", "no quiero más mensajes",
        "no enviar más", "no enviar más mensajes", "no me escriban", "no me escriban más",
        "no me envíen más mensajes", "eliminar mi número",
    ),
    "fr": (
        "arrêt", "arrêter", "arrête", "arrêtez", "désabonner", "désabonnement", "me désabonner",
        "se désabonner", "désabonnez-moi", "désinscription", "désinscrire", "me désinscrire",
        "se désinscrire", "désinscrivez-moi", "ne plus recevoir", "ne plus me contacter",
        "ne m'écrivez plus", "ne me contactez plus", "stop sms", "stop messages", "stop svp",
    ),
    "ar": (
        "إيقاف", "توقف", "توقفوا", "قف", "أوقف", "أوقفوا", "ستوب", "إلغاء الاشتراك",
        "إلغاء اشتراكي", "ألغ الاشتراك", "إيقاف الرسائل", "أوقفوا الرسائل", "أوقف الرسائل",
        "لا ترسل", "لا ترسلوا", "لا ترسلوا رسائل", "لا تراسلوني",
    ),
    "bn": (
        "স্টপ", "বন্ধ করুন", "বন্ধ করো", "বন্ধ কর", "থামুন", "থামাও", "থামান", "মেসেজ বন্ধ করুন",
        "মেসেজ বন্ধ করো", "বার্তা বন্ধ করুন", "মেসেজ পাঠাবেন না", "আর পাঠাবেন না",
        "আনসাবস্ক্রাইব", "সদস্যতা বাতিল করুন", "bondho korun", "bondho koro", "bondho kor",
    ),
    "pt": (
        "parar", "pare", "sair", "sair da lista", "descadastrar", "descadastre", "descadastre-me",
        "me descadastre", "descadastrar-me", "cancelar inscrição", "cancelar subscrição",
        "não quero receber", "não quero mais receber", "não quero receber mensagens",
        "não quero mais receber mensagens", "não enviar mais", "não envie mais",
        "não enviem mais", "não me mande mais mensagens", "não me mandem mais mensagens",
    ),
    "ru": (
        "стоп", "отписаться", "отпишите", "отпишите меня", "отписаться от рассылки",
        "не пишите", "не пишите мне", "больше не пишите", "не присылайте", "больше не присылайте",
        "прекратите", "прекратить", "прекратите рассылку", "остановить", "отменить подписку",
        "удалите мой номер", "стоп рассылка",
    ),
    "ur": (
        "سٹاپ", "اسٹاپ", "بند کرو", "بند کریں", "بند کر دیں", "بند کر دو", "روکو", "روکیں",
        "میسج بند کرو", "میسج بند کریں", "پیغام بند کریں", "پیغامات بند کریں", "میسج مت بھیجو",
        "میسج نہ بھیجیں", "مت بھیجو", "ان سبسکرائب", "رکنیت ختم کریں",
    ),
    "de": (
        "stopp", "bitte stopp", "abmelden", "bitte abmelden", "abmeldung", "abbestellen",
        "austragen", "bitte austragen", "keine nachrichten mehr", "bitte keine nachrichten mehr",
        "nicht mehr schreiben", "schreiben sie mir nicht mehr", "newsletter abbestellen",
    ),
    "id": (
        "berhenti", "berhenti berlangganan", "hentikan", "hentikan pesan", "unreg",
        "jangan kirim lagi", "jangan kirim pesan lagi", "stop pesan", "stop langganan",
    ),
    "tr": (
        "durdur", "durdurun", "abonelikten çık", "abonelikten çıkmak istiyorum", "listeden çık",
        "listeden çıkar", "mesaj atma", "mesaj atmayın", "mesaj gönderme", "mesaj göndermeyin",
    ),
    "it": (
        "disiscrivimi", "disiscrivermi", "disiscrizione", "annulla iscrizione", "cancellami",
        "cancellatemi", "cancellatemi dalla lista", "basta messaggi", "non scrivetemi più",
        "non mandatemi più messaggi", "non inviare più messaggi",
    ),
}  # fmt: skip

# No more promotions; what somebody ordered or has to know may still come.
MARKETING: Final = {
    "en": (
        "stop promotions", "stop promotion", "stop promos", "stop promo", "stop offers",
        "stop ads", "stop advertising", "stop marketing", "stop marketing messages",
        "stop promotional messages", "stop newsletter", "no promotions", "no more promotions",
        "no more offers", "no more ads", "no marketing", "opt out of marketing",
        "opt out of promotions", "unsubscribe from promotions", "unsubscribe from marketing",
    ),
    "zh": (
        "停止推广", "停止推廣", "停止促销", "停止促銷", "停止营销", "停止行銷", "停止广告",
        "停止廣告", "退订广告", "退訂廣告", "退订促销", "不要广告", "不要廣告", "停止优惠",
    ),
    "hi": (
        "प्रचार बंद करो", "प्रचार बंद करें", "विज्ञापन बंद करो", "विज्ञापन बंद करें", "ऑफर बंद करो",
        "ऑफर बंद करें", "प्रमोशन बंद करो", "प्रमोशन बंद करें", "offer band karo",
        "promotion band karo",
    ),
    "es": (
        "no más promociones", "no quiero promociones", "no quiero más promociones",
        "parar promociones", "detener promociones", "detener las promociones",
        "baja de promociones", "no más ofertas", "no más publicidad", "no quiero publicidad",
        "stop promociones", "stop publicidad", "no más anuncios",
    ),
    "fr": (
        "stop pub", "stop pubs", "stop publicité", "stop promos", "stop offres",
        "arrêter les promotions", "arrêter les promos", "arrêter les offres", "pas de publicité",
        "pas de pub", "arrêtez la pub", "arrêter la pub",
    ),
    "ar": (
        "إيقاف الإعلانات", "إيقاف العروض", "إيقاف العروض الترويجية", "إيقاف الرسائل الترويجية",
        "إيقاف الرسائل التسويقية", "إيقاف الترويج", "أوقفوا الإعلانات", "لا أريد إعلانات",
        "إلغاء الرسائل الترويجية",
    ),
    "bn": (
        "প্রচার বন্ধ করুন", "বিজ্ঞাপন বন্ধ করুন", "অফার বন্ধ করুন", "প্রমোশন বন্ধ করুন",
        "বিজ্ঞাপন বন্ধ করো", "অফার বন্ধ করো",
    ),
    "pt": (
        "parar promoções", "parar ofertas", "sem promoções", "não quero promoções",
        "não quero mais promoções", "chega de promoções", "sair das promoções", "sem publicidade",
        "não quero publicidade", "parar publicidade", "parar propaganda", "chega de propaganda",
    ),
    "ru": (
        "стоп реклама", "без рекламы", "не присылайте рекламу", "хватит рекламы",
        "отписаться от рекламы", "отключить рекламу", "отказаться от рекламы", "стоп акции",
    ),
    "ur": (
        "اشتہار بند کریں", "اشتہارات بند کریں", "اشتہار بند کرو", "آفر بند کریں", "آفرز بند کریں",
        "پروموشن بند کریں", "تشہیر بند کریں",
    ),
    "de": (
        "keine werbung", "keine werbung mehr", "bitte keine werbung", "werbung stoppen",
        "werbung abbestellen", "stopp werbung", "stop werbung", "keine angebote mehr",
    ),
    "id": (
        "stop promosi", "stop iklan", "berhenti promo", "hentikan promo", "hentikan promosi",
        "jangan kirim promo", "jangan kirim promosi",
    ),
    "tr": (
        "reklam istemiyorum", "reklam göndermeyin", "reklamları durdur", "kampanya istemiyorum",
        "promosyonları durdur",
    ),
    "it": (
        "basta promozioni", "basta pubblicità", "stop promozioni", "stop pubblicità",
        "niente pubblicità", "basta offerte", "non voglio pubblicità",
    ),
}  # fmt: skip
