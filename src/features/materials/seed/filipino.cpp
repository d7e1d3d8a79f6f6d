#include "features/materials/seed/seed.hpp"

namespace bb::materials {
namespace {

constexpr std::string_view lupain = R"md(# Ang kapuluan ng Pilipinas

Ang Pilipinas ay isang **kapuluan** sa Timog-Silangang Asya. Binubuo ito ng mahigit pitong libo at anim na raang pulo na nahahati sa tatlong pangkat: ang Luzon sa hilaga, ang Visayas sa gitna, at ang Mindanao sa timog. Napaliligiran ang bansa ng tubig: nasa silangan ang Karagatang Pasipiko, nasa kanluran ang Dagat Kanlurang Pilipinas, at nasa timog ang Dagat Celebes.

Dahil watak-watak ang mga pulo, mahalaga sa mga Pilipino ang dagat. Dito nanggagaling ang isda na araw-araw na kinakain, at dito rin dumaraan ang mga sasakyang nag-uugnay sa mga lalawigan. Mahigit tatlumpu't anim na libong kilometro ang haba ng baybayin ng bansa.

## Ang Singsing ng Apoy

Nasa tinatawag na **Singsing ng Apoy** sa Pasipiko ang Pilipinas. Dito nagtatagpo ang malalaking bahagi ng balat ng lupa na tinatawag na *tectonic plate*. Kapag gumalaw ang mga ito, lumilindol. Kapag umakyat ang tunaw na bato mula sa ilalim ng lupa, pumuputok ang bulkan. May mahigit dalawampung aktibong bulkan sa bansa. Kilala ang Bulkang Mayon sa Albay dahil sa hugis nitong halos perpektong apa, at ang Bulkang Pinatubo sa Zambales dahil sa malakas nitong pagputok noong 1991.

May biyaya rin ang mga bulkan. Ang abo nila ay nagpapataba sa lupa, kaya maganda ang ani ng palay, niyog at abaka sa paligid ng Mayon.

# Klima at panahon

**Tropikal** ang klima ng bansa dahil malapit ito sa ekwador: mainit at mahalumigmig sa buong taon. Dalawa ang pangunahing panahon. Ang **tag-ulan** ay mula Hunyo hanggang Nobyembre, kapag umiihip ang hanging habagat mula sa timog-kanluran. Ang **tag-init** o tag-araw ay mula Disyembre hanggang Mayo. Mula Nobyembre hanggang Pebrero, malamig ang hanging amihan na galing sa hilagang-silangan.

Mga dalawampung **bagyo** ang pumapasok bawat taon sa lugar na binabantayan ng PAGASA. Nagdadala ang mga ito ng malakas na hangin, baha at pagguho ng lupa. Kaya mahalagang maghanda: makinig sa balita, mag-imbak ng pagkain at tubig, at sumunod agad kapag iniutos ang paglikas.
)md";

constexpr std::string_view kasaysayan = R"md(# Ang mga sinaunang pamayanan

Bago dumating ang mga Espanyol, namumuhay na ang mga Pilipino sa maliliit na pamayanang tinatawag na **barangay**. Galing ang salitang ito sa *balangay*, ang sasakyang-dagat na ginamit ng mga ninuno. Binubuo ang isang barangay ng tatlumpu hanggang isang daang pamilya, at pinamumunuan ito ng **datu**. Siya ang gumagawa ng batas, humahatol sa mga alitan at namumuno sa digmaan.

May tatlong antas ang lipunan noon:

1. Ang **maharlika** at ang pamilya ng datu, na may pinakamataas na katayuan.
2. Ang **timawa**, mga taong malaya na may sariling bahay at lupang sinasaka.
3. Ang **alipin**, na naglilingkod dahil sa utang, parusa o pagkabihag. Maaari silang lumaya kapag nabayaran ang utang.

Nakipagkalakalan ang mga barangay sa mga Tsino, Arabe at iba pang taga-Asya. Ipinagpalit nila ang perlas, pagkit at abaka sa porselana, seda at bakal. May sarili rin silang paraan ng pagsulat, ang **baybayin**, na may labimpitong titik.

# Ang pananakop at ang paglaban

Dumating si Fernando Magallanes sa bansa noong 1521. Natalo siya ni **Lapulapu** sa Labanan sa Mactan. Noong 1565, itinatag ni Miguel López de Legazpi ang unang pamayanang Espanyol sa Cebu. Mahigit tatlong daang taon na namahala ang Espanya. Ipinalaganap nito ang Kristiyanismo, ngunit pinahirapan din ang mga tao sa pamamagitan ng buwis at ng **polo y servicio**, ang sapilitang paggawa ng mga lalaki.

Unti-unting nagising ang damdaming makabayan. Isinulat ni **José Rizal** ang mga nobelang *Noli Me Tangere* at *El Filibusterismo* upang ilantad ang mga pang-aabuso. Itinatag ni **Andrés Bonifacio** ang Katipunan noong 1892 upang makamit ang kalayaan sa pamamagitan ng himagsikan. Noong ika-12 ng Hunyo 1898, ipinahayag ni **Emilio Aguinaldo** ang kasarinlan ng Pilipinas sa Kawit, Cavite.

## Mahahalagang petsa

| Taon | Pangyayari |
|---|---|
| 1521 | Labanan sa Mactan |
| 1565 | Unang pamayanang Espanyol sa Cebu |
| 1892 | Pagtatatag ng Katipunan |
| 1896 | Simula ng himagsikan; pagbaril kay Rizal sa Bagumbayan |
| 1898 | Pagpapahayag ng kasarinlan |
| 1946 | Pagkilala ng Estados Unidos sa kalayaan ng Pilipinas |
)md";

constexpr std::string_view ekonomiya = R"md(# Ang likas na yaman

**Likas na yaman** ang tawag sa mga bagay na galing sa kalikasan at nagagamit ng tao. May apat na uri nito:

- **Yamang lupa**: mga bukid, gubat at pananim gaya ng palay, mais, niyog at saging.
- **Yamang tubig**: mga dagat, ilog at lawa na may isda, perlas at halamang-dagat.
- **Yamang mineral**: ginto, tanso, nikel at iba pang minimina sa ilalim ng lupa.
- **Yamang tao**: ang lakas, talino at kakayahan ng mga mamamayan.

May likas na yamang napapalitan, gaya ng isda at punongkahoy, kung hindi inaabuso. May yamang hindi napapalitan, gaya ng mineral at langis: kapag naubos, wala na.

## Bakit dapat pangalagaan

Kapag pinutol ang mga puno sa bundok, wala nang ugat na humahawak sa lupa. Gumuguho ito kapag umuulan nang malakas, at bumabaha sa kapatagan. Kapag gumamit ng dinamita sa pangingisda, nasisira ang mga bahura na tirahan ng maliliit na isda. Kaya may mga batas laban sa ilegal na pagtotroso at pangingisda, at hinihikayat ang lahat na magtanim ng puno at magbawas ng basura.

# Paano kumikita ang bansa

Nahahati sa tatlong sektor ang ekonomiya. Sa **agrikultura** kabilang ang pagsasaka, pangingisda at paghahayupan. Sa **industriya** ginagawang produkto ang hilaw na materyales. Sa **serbisyo** kabilang ang pagtuturo, kalakalan, transportasyon at turismo; dito nagtatrabaho ang pinakamaraming Pilipino.

Malaking tulong din ang perang ipinadadala ng mga manggagawang Pilipino sa ibang bansa. *Remittance* ang tawag dito. Ginagamit ito ng mga pamilya sa pagkain, pag-aaral at pagpapatayo ng bahay.

## Pangangailangan at kagustuhan

Ang **pangangailangan** ay mga bagay na hindi maaaring mawala upang mabuhay: pagkain, tubig, damit at tirahan. Ang **kagustuhan** ay mga bagay na nagpapasaya ngunit kaya nating mabuhay nang wala. Dahil limitado ang pera at yaman, kailangang pumili. Ang halaga ng bagay na isinuko kapag pumili ay tinatawag na *opportunity cost*.
)md";

constexpr SeedEntry filipino_entries[] = {{"Ang lupain at klima ng Pilipinas", lupain},
                                          {"Mula barangay hanggang kasarinlan", kasaysayan},
                                          {"Likas na yaman at kabuhayan", ekonomiya}};

}  // namespace

SeedMaterial filipino_seed() {
    return {"Araling Panlipunan: ang Pilipinas", "Araling Panlipunan",
            "Ang lupain, kasaysayan at kabuhayan ng Pilipinas.", filipino_entries};
}

}  // namespace bb::materials
