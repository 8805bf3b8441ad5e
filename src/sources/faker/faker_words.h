#pragma once

#include <cstdint>
#include <string_view>

namespace millrace::faker {

// What made-up people are made of. Changing a list changes every seed's rows: append only with a
// note in README.md.

inline constexpr std::string_view kFirstNames[] = {
    "Ada",   "Amina",  "Anton",  "Beatriz", "Bruno",  "Carla",   "Chen",   "Clara",
    "Dario", "Dilan",  "Edith",  "Elif",    "Emil",   "Esther",  "Farah",  "Felix",
    "Fiona", "Gideon", "Greta",  "Hana",    "Hugo",   "Ibrahim", "Ines",   "Ivan",
    "Jamal", "Jonas",  "Juana",  "Kaito",   "Karin",  "Keira",   "Lamar",  "Leila",
    "Linus", "Lucia",  "Magnus", "Malika",  "Marek",  "Mei",     "Milan",  "Nadia",
    "Noah",  "Nora",   "Olivia", "Omar",    "Oskar",  "Paula",   "Pavel",  "Priya",
    "Quinn", "Rafael", "Rosa",   "Ruben",   "Samira", "Sofia",   "Stefan", "Tamar",
    "Tessa", "Tomas",  "Umar",   "Valeria", "Viktor", "Wanda",   "Yara",   "Zoran"};

inline constexpr std::string_view kLastNames[] = {
    "Abbott",   "Achterberg", "Andersen", "Bakker",   "Barros",   "Becker",    "Bianchi", "Bjork",
    "Calloway", "Castillo",   "Chandra",  "Cohen",    "Costa",    "Dalton",    "Demir",   "Dubois",
    "Eriksen",  "Farrell",    "Fischer",  "Fontana",  "Garcia",   "Goldberg",  "Grant",   "Haddad",
    "Hansen",   "Hoffmann",   "Ishikawa", "Ivanova",  "Jansen",   "Kaplan",    "Kaya",    "Keller",
    "Kowalski", "Lambert",    "Larsen",   "Lindgren", "Lopez",    "Maguire",   "Marino",  "Mendes",
    "Mueller",  "Nakamura",   "Novak",    "Okafor",   "Olsen",    "Osei",      "Patel",   "Petrov",
    "Quispe",   "Ramirez",    "Ricci",    "Rossi",    "Sandoval", "Schneider", "Silva",   "Sokolov",
    "Tanaka",   "Thorne",     "Ueda",     "Varga",    "Weber",    "Whitfield", "Yilmaz",  "Zeller"};

inline constexpr std::string_view kTitles[] = {"Mr.", "Mrs.", "Ms.", "Dr.", "Prof.", "Mx."};
inline constexpr std::string_view kGenders[] = {"Female", "Male", "Non-binary", "Undisclosed"};
inline constexpr std::string_view kMailDomains[] = {"example.com", "example.net", "example.org"};
inline constexpr std::string_view kBloodTypes[] = {"0-", "0+", "A-",  "A+",
                                                   "B-", "B+", "AB-", "AB+"};
inline constexpr std::string_view kDegrees[] = {"Bachelor", "Diploma", "Doctorate", "Master",
                                                "None"};
inline constexpr std::string_view kLanguages[] = {
    "Arabic", "Bengali", "Czech",      "Danish",  "Dutch",   "English",  "Finnish", "French",
    "German", "Greek",   "Hebrew",     "Hindi",   "Italian", "Japanese", "Korean",  "Mandarin",
    "Polish", "Punjabi", "Portuguese", "Russian", "Spanish", "Swahili",  "Swedish", "Turkish"};
inline constexpr std::string_view kNationalities[] = {
    "American", "Argentine", "Australian", "Austrian", "Belgian",  "Brazilian", "British",
    "Canadian", "Chinese",   "Czech",      "Danish",   "Dutch",    "Egyptian",  "Finnish",
    "French",   "German",    "Ghanaian",   "Greek",    "Indian",   "Irish",     "Italian",
    "Japanese", "Kenyan",    "Korean",     "Mexican",  "Nigerian", "Norwegian", "Peruvian",
    "Polish",   "Spanish",   "Swedish",    "Turkish"};
inline constexpr std::string_view kOccupations[] = {
    "Accountant",     "Actuary",        "Animator",    "Architect",  "Baker",
    "Beekeeper",      "Biologist",      "Bookbinder",  "Bricklayer", "Carpenter",
    "Chemist",        "Civil engineer", "Conductor",   "Dentist",    "Dispatcher",
    "Editor",         "Electrician",    "Firefighter", "Florist",    "Gardener",
    "Geologist",      "Glazier",        "Interpreter", "Jeweller",   "Joiner",
    "Lab technician", "Librarian",      "Locksmith",   "Machinist",  "Meteorologist",
    "Midwife",        "Miller",         "Nurse",       "Optician",   "Paramedic",
    "Pharmacist",     "Photographer",   "Pilot",       "Plumber",    "Potter",
    "Printer",        "Ranger",         "Roofer",      "Sailor",     "Social worker",
    "Statistician",   "Surveyor",       "Tailor",      "Teacher",    "Translator",
    "Veterinarian",   "Watchmaker",     "Welder",      "Zoologist"};
inline constexpr std::string_view kStreetNames[] = {
    "Acorn Street",   "Alder Way",     "Bakery Lane",    "Birch Avenue",  "Bridge Street",
    "Brook Road",     "Cedar Court",   "Chapel Hill",    "Church Street", "Clover Close",
    "Depot Road",     "Elm Street",    "Ferry Road",     "Field Lane",    "Foundry Street",
    "Garden Terrace", "Granary Row",   "Harbour Street", "Hazel Grove",   "High Street",
    "Hill Road",      "Juniper Drive", "Kiln Lane",      "Lake View",     "Linden Avenue",
    "Maple Street",   "Market Square", "Meadow Lane",    "Mill Race",     "Mill Street",
    "Oak Avenue",     "Orchard Road",  "Park Avenue",    "Pine Street",   "Quay Street",
    "River Road",     "School Lane",   "South Street",   "Spring Street", "Station Road",
    "Sycamore Drive", "Tannery Lane",  "Union Street",   "Valley Road",   "Walnut Street",
    "Weir Road",      "Wharf Street",  "Willow Way"};

/// A real town, so that state and country fit together.
struct Place {
  std::string_view city, state, country_code;
};

inline constexpr Place kPlaces[] = {{"Adelaide", "South Australia", "AU"},
                                    {"Antwerp", "Flanders", "BE"},
                                    {"Austin", "Texas", "US"},
                                    {"Bergen", "Vestland", "NO"},
                                    {"Bilbao", "Basque Country", "ES"},
                                    {"Boise", "Idaho", "US"},
                                    {"Bologna", "Emilia-Romagna", "IT"},
                                    {"Brno", "South Moravia", "CZ"},
                                    {"Calgary", "Alberta", "CA"},
                                    {"Chennai", "Tamil Nadu", "IN"},
                                    {"Cork", "Munster", "IE"},
                                    {"Curitiba", "Parana", "BR"},
                                    {"Dresden", "Saxony", "DE"},
                                    {"Duluth", "Minnesota", "US"},
                                    {"Durham", "North Carolina", "US"},
                                    {"Eugene", "Oregon", "US"},
                                    {"Gdansk", "Pomerania", "PL"},
                                    {"Graz", "Styria", "AT"},
                                    {"Guadalajara", "Jalisco", "MX"},
                                    {"Halifax", "Nova Scotia", "CA"},
                                    {"Hobart", "Tasmania", "AU"},
                                    {"Kumasi", "Ashanti", "GH"},
                                    {"Lille", "Hauts-de-France", "FR"},
                                    {"Lyon", "Auvergne-Rhone-Alpes", "FR"},
                                    {"Madison", "Wisconsin", "US"},
                                    {"Malmo", "Scania", "SE"},
                                    {"Mendoza", "Cuyo", "AR"},
                                    {"Mombasa", "Coast", "KE"},
                                    {"Nagoya", "Aichi", "JP"},
                                    {"Odense", "Southern Denmark", "DK"},
                                    {"Porto", "Norte", "PT"},
                                    {"Pune", "Maharashtra", "IN"},
                                    {"Sheffield", "England", "GB"},
                                    {"Tampere", "Pirkanmaa", "FI"},
                                    {"Tucson", "Arizona", "US"},
                                    {"Utrecht", "Utrecht", "NL"}};

/// A car maker's models stand together, so that products make sense.
struct CarModel {
  std::string_view make, model;
};

inline constexpr CarModel kCars[] = {
    {"Audi", "A4"},         {"Audi", "Q5"},          {"BMW", "3 Series"},
    {"BMW", "X5"},          {"Chevrolet", "Malibu"}, {"Chevrolet", "Tahoe"},
    {"Citroen", "C3"},      {"Dacia", "Duster"},     {"Fiat", "500"},
    {"Fiat", "Panda"},      {"Ford", "Fiesta"},      {"Ford", "Mustang"},
    {"Ford", "Transit"},    {"Honda", "Accord"},     {"Honda", "Civic"},
    {"Hyundai", "Ioniq 5"}, {"Hyundai", "Tucson"},   {"Jeep", "Wrangler"},
    {"Kia", "Niro"},        {"Kia", "Sportage"},     {"Mazda", "3"},
    {"Mazda", "CX-5"},      {"Nissan", "Leaf"},      {"Nissan", "Qashqai"},
    {"Opel", "Corsa"},      {"Peugeot", "208"},      {"Peugeot", "3008"},
    {"Renault", "Clio"},    {"Renault", "Megane"},   {"Seat", "Leon"},
    {"Skoda", "Octavia"},   {"Skoda", "Superb"},     {"Subaru", "Forester"},
    {"Suzuki", "Swift"},    {"Toyota", "Corolla"},   {"Toyota", "Hilux"},
    {"Toyota", "Yaris"},    {"Volkswagen", "Golf"},  {"Volkswagen", "Passat"},
    {"Volvo", "V60"},       {"Volvo", "XC40"}};

}  // namespace millrace::faker
