// SPDX-License-Identifier: Apache-2.0
#include "collector/report/region_name.h"

#include <algorithm>
#include <array>

namespace teiten::report {
namespace {

struct Region {
  std::string_view code;
  std::string_view name;
};

// Sorted by code.
// clang-format off
constexpr std::array kRegions = {
    Region{"AD", "Andorra"}, Region{"AE", "United Arab Emirates"}, Region{"AF", "Afghanistan"},
    Region{"AG", "Antigua and Barbuda"}, Region{"AI", "Anguilla"}, Region{"AL", "Albania"},
    Region{"AM", "Armenia"}, Region{"AO", "Angola"}, Region{"AQ", "Antarctica"},
    Region{"AR", "Argentina"}, Region{"AS", "American Samoa"}, Region{"AT", "Austria"},
    Region{"AU", "Australia"}, Region{"AW", "Aruba"}, Region{"AX", "Åland Islands"},
    Region{"AZ", "Azerbaijan"}, Region{"BA", "Bosnia and Herzegovina"}, Region{"BB", "Barbados"},
    Region{"BD", "Bangladesh"}, Region{"BE", "Belgium"}, Region{"BF", "Burkina Faso"},
    Region{"BG", "Bulgaria"}, Region{"BH", "Bahrain"}, Region{"BI", "Burundi"},
    Region{"BJ", "Benin"}, Region{"BL", "Saint Barthélemy"}, Region{"BM", "Bermuda"},
    Region{"BN", "Brunei"}, Region{"BO", "Bolivia"}, Region{"BQ", "Caribbean Netherlands"},
    Region{"BR", "Brazil"}, Region{"BS", "Bahamas"}, Region{"BT", "Bhutan"},
    Region{"BV", "Bouvet Island"}, Region{"BW", "Botswana"}, Region{"BY", "Belarus"},
    Region{"BZ", "Belize"}, Region{"CA", "Canada"}, Region{"CC", "Cocos Islands"},
    Region{"CD", "Congo (Kinshasa)"}, Region{"CF", "Central African Republic"},
    Region{"CG", "Congo (Brazzaville)"}, Region{"CH", "Switzerland"},
    Region{"CI", "Côte d’Ivoire"}, Region{"CK", "Cook Islands"}, Region{"CL", "Chile"},
    Region{"CM", "Cameroon"}, Region{"CN", "China"}, Region{"CO", "Colombia"},
    Region{"CR", "Costa Rica"}, Region{"CU", "Cuba"}, Region{"CV", "Cabo Verde"},
    Region{"CW", "Curaçao"}, Region{"CX", "Christmas Island"}, Region{"CY", "Cyprus"},
    Region{"CZ", "Czechia"}, Region{"DE", "Germany"}, Region{"DJ", "Djibouti"},
    Region{"DK", "Denmark"}, Region{"DM", "Dominica"}, Region{"DO", "Dominican Republic"},
    Region{"DZ", "Algeria"}, Region{"EC", "Ecuador"}, Region{"EE", "Estonia"},
    Region{"EG", "Egypt"}, Region{"EH", "Western Sahara"}, Region{"ER", "Eritrea"},
    Region{"ES", "Spain"}, Region{"ET", "Ethiopia"}, Region{"FI", "Finland"}, Region{"FJ", "Fiji"},
    Region{"FK", "Falkland Islands"}, Region{"FM", "Micronesia"}, Region{"FO", "Faroe Islands"},
    Region{"FR", "France"}, Region{"GA", "Gabon"}, Region{"GB", "United Kingdom"},
    Region{"GD", "Grenada"}, Region{"GE", "Georgia"}, Region{"GF", "French Guiana"},
    Region{"GG", "Guernsey"}, Region{"GH", "Ghana"}, Region{"GI", "Gibraltar"},
    Region{"GL", "Greenland"}, Region{"GM", "Gambia"}, Region{"GN", "Guinea"},
    Region{"GP", "Guadeloupe"}, Region{"GQ", "Equatorial Guinea"}, Region{"GR", "Greece"},
    Region{"GS", "South Georgia"}, Region{"GT", "Guatemala"}, Region{"GU", "Guam"},
    Region{"GW", "Guinea-Bissau"}, Region{"GY", "Guyana"}, Region{"HK", "Hong Kong"},
    Region{"HM", "Heard and McDonald Islands"}, Region{"HN", "Honduras"}, Region{"HR", "Croatia"},
    Region{"HT", "Haiti"}, Region{"HU", "Hungary"}, Region{"ID", "Indonesia"},
    Region{"IE", "Ireland"}, Region{"IL", "Israel"}, Region{"IM", "Isle of Man"},
    Region{"IN", "India"}, Region{"IO", "British Indian Ocean Territory"}, Region{"IQ", "Iraq"},
    Region{"IR", "Iran"}, Region{"IS", "Iceland"}, Region{"IT", "Italy"}, Region{"JE", "Jersey"},
    Region{"JM", "Jamaica"}, Region{"JO", "Jordan"}, Region{"JP", "Japan"}, Region{"KE", "Kenya"},
    Region{"KG", "Kyrgyzstan"}, Region{"KH", "Cambodia"}, Region{"KI", "Kiribati"},
    Region{"KM", "Comoros"}, Region{"KN", "Saint Kitts and Nevis"}, Region{"KP", "North Korea"},
    Region{"KR", "South Korea"}, Region{"KW", "Kuwait"}, Region{"KY", "Cayman Islands"},
    Region{"KZ", "Kazakhstan"}, Region{"LA", "Laos"}, Region{"LB", "Lebanon"},
    Region{"LC", "Saint Lucia"}, Region{"LI", "Liechtenstein"}, Region{"LK", "Sri Lanka"},
    Region{"LR", "Liberia"}, Region{"LS", "Lesotho"}, Region{"LT", "Lithuania"},
    Region{"LU", "Luxembourg"}, Region{"LV", "Latvia"}, Region{"LY", "Libya"},
    Region{"MA", "Morocco"}, Region{"MC", "Monaco"}, Region{"MD", "Moldova"},
    Region{"ME", "Montenegro"}, Region{"MF", "Saint Martin"}, Region{"MG", "Madagascar"},
    Region{"MH", "Marshall Islands"}, Region{"MK", "North Macedonia"}, Region{"ML", "Mali"},
    Region{"MM", "Myanmar"}, Region{"MN", "Mongolia"}, Region{"MO", "Macao"},
    Region{"MP", "Northern Mariana Islands"}, Region{"MQ", "Martinique"},
    Region{"MR", "Mauritania"}, Region{"MS", "Montserrat"}, Region{"MT", "Malta"},
    Region{"MU", "Mauritius"}, Region{"MV", "Maldives"}, Region{"MW", "Malawi"},
    Region{"MX", "Mexico"}, Region{"MY", "Malaysia"}, Region{"MZ", "Mozambique"},
    Region{"NA", "Namibia"}, Region{"NC", "New Caledonia"}, Region{"NE", "Niger"},
    Region{"NF", "Norfolk Island"}, Region{"NG", "Nigeria"}, Region{"NI", "Nicaragua"},
    Region{"NL", "Netherlands"}, Region{"NO", "Norway"}, Region{"NP", "Nepal"},
    Region{"NR", "Nauru"}, Region{"NU", "Niue"}, Region{"NZ", "New Zealand"}, Region{"OM", "Oman"},
    Region{"PA", "Panama"}, Region{"PE", "Peru"}, Region{"PF", "French Polynesia"},
    Region{"PG", "Papua New Guinea"}, Region{"PH", "Philippines"}, Region{"PK", "Pakistan"},
    Region{"PL", "Poland"}, Region{"PM", "Saint Pierre and Miquelon"}, Region{"PN", "Pitcairn"},
    Region{"PR", "Puerto Rico"}, Region{"PS", "Palestine"}, Region{"PT", "Portugal"},
    Region{"PW", "Palau"}, Region{"PY", "Paraguay"}, Region{"QA", "Qatar"},
    Region{"RE", "Réunion"}, Region{"RO", "Romania"}, Region{"RS", "Serbia"},
    Region{"RU", "Russia"}, Region{"RW", "Rwanda"}, Region{"SA", "Saudi Arabia"},
    Region{"SB", "Solomon Islands"}, Region{"SC", "Seychelles"}, Region{"SD", "Sudan"},
    Region{"SE", "Sweden"}, Region{"SG", "Singapore"}, Region{"SH", "Saint Helena"},
    Region{"SI", "Slovenia"}, Region{"SJ", "Svalbard and Jan Mayen"}, Region{"SK", "Slovakia"},
    Region{"SL", "Sierra Leone"}, Region{"SM", "San Marino"}, Region{"SN", "Senegal"},
    Region{"SO", "Somalia"}, Region{"SR", "Suriname"}, Region{"SS", "South Sudan"},
    Region{"ST", "São Tomé and Príncipe"}, Region{"SV", "El Salvador"},
    Region{"SX", "Sint Maarten"}, Region{"SY", "Syria"}, Region{"SZ", "Eswatini"},
    Region{"TC", "Turks and Caicos Islands"}, Region{"TD", "Chad"},
    Region{"TF", "French Southern Territories"}, Region{"TG", "Togo"}, Region{"TH", "Thailand"},
    Region{"TJ", "Tajikistan"}, Region{"TK", "Tokelau"}, Region{"TL", "Timor-Leste"},
    Region{"TM", "Turkmenistan"}, Region{"TN", "Tunisia"}, Region{"TO", "Tonga"},
    Region{"TR", "Türkiye"}, Region{"TT", "Trinidad and Tobago"}, Region{"TV", "Tuvalu"},
    Region{"TW", "Taiwan"}, Region{"TZ", "Tanzania"}, Region{"UA", "Ukraine"},
    Region{"UG", "Uganda"}, Region{"UM", "U.S. Outlying Islands"}, Region{"US", "United States"},
    Region{"UY", "Uruguay"}, Region{"UZ", "Uzbekistan"}, Region{"VA", "Vatican City"},
    Region{"VC", "Saint Vincent"}, Region{"VE", "Venezuela"},
    Region{"VG", "British Virgin Islands"}, Region{"VI", "U.S. Virgin Islands"},
    Region{"VN", "Vietnam"}, Region{"VU", "Vanuatu"}, Region{"WF", "Wallis and Futuna"},
    Region{"WS", "Samoa"}, Region{"YE", "Yemen"}, Region{"YT", "Mayotte"},
    Region{"ZA", "South Africa"}, Region{"ZM", "Zambia"}, Region{"ZW", "Zimbabwe"},
};
// clang-format on

}  // namespace

std::string_view RegionName(std::string_view code) {
  const auto at = std::lower_bound(kRegions.begin(), kRegions.end(), code,
                                   [](const Region& r, std::string_view c) { return r.code < c; });
  return at != kRegions.end() && at->code == code ? at->name : std::string_view();
}

}  // namespace teiten::report
