#include "services/llm/provider.hpp"

namespace bb::llm {
namespace {

struct Sentences {
    const char* english;
    const char* filipino;
};

Sentences sentences_of(Fault fault) {
    switch (fault) {
        case Fault::refused:
            return {"The tutor's language model cannot be reached right now. Please try again in a moment.",
                    "Hindi maabot ang language model ng tutor sa ngayon. Pakisubukang muli maya-maya."};
        case Fault::slow:
            return {"The tutor's language model took too long to answer. Please try again.",
                    "Masyadong matagal sumagot ang language model ng tutor. Pakisubukang muli."};
        case Fault::cut_off:
            return {"The answer was cut off on its way. You can try again.",
                    "Naputol ang sagot habang dumarating. Maaari mong subukang muli."};
        case Fault::garbage:
            return {"The tutor's language model sent something that could not be read. Please try again.",
                    "May ipinadalang hindi mabasa ang language model ng tutor. Pakisubukang muli."};
        case Fault::busy:
            return {"The tutor's language model is busy right now. Please wait a moment and try again.",
                    "Abala ang language model ng tutor sa ngayon. Maghintay sandali at subukang muli."};
        case Fault::rejected:
            return {
                "The tutor's language model did not accept the request. Try again; if this happens again, "
                "tell "
                "the person who looks after this server.",
                "Hindi tinanggap ng language model ng tutor ang kahilingan. Subukang muli; kung mauulit ito, "
                "sabihan ang namamahala ng server na ito."};
        case Fault::too_long:
            return {
                "This conversation is too long for the tutor's language model. Start a new one or ask about "
                "fewer "
                "materials, then try again.",
                "Masyadong mahaba ang usapang ito para sa language model ng tutor. Magsimula ng bago o "
                "magtanong "
                "tungkol sa mas kaunting materyal, saka subukang muli."};
        case Fault::circuit_open:
            return {
                "The tutor's language model has been failing, so it is given a short rest. Please try again "
                "in a "
                "minute.",
                "Paulit-ulit na pumapalya ang language model ng tutor kaya pinagpapahinga muna ito. "
                "Pakisubukang "
                "muli pagkaraan ng isang minuto."};
        case Fault::leak:
            return {
                "The answer was stopped because it began to repeat the tutor's own instructions instead of "
                "answering. Ask in other words.",
                "Inihinto ang sagot dahil inuulit nito ang sariling tagubilin ng tutor sa halip na sumagot. "
                "Magtanong sa ibang salita."};
    }
    return {"Something went wrong. Please try again.", "May nangyaring mali. Pakisubukang muli."};
}

}  // namespace

std::string sentence_for(Fault fault, std::string_view language) {
    const Sentences both = sentences_of(fault);
    return language == "fil" ? both.filipino : both.english;
}

}  // namespace bb::llm
