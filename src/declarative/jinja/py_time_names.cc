#include "declarative/jinja/py_time_names.h"

namespace millrace {

std::span<const std::string_view> PyTimeNames(char directive) {
  static constexpr std::string_view kDays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                               "Friday", "Saturday", "Sunday"};
  static constexpr std::string_view kShortDays[] = {"Mon", "Tue", "Wed", "Thu",
                                                    "Fri", "Sat", "Sun"};
  static constexpr std::string_view kMonths[] = {"January",   "February", "March",    "April",
                                                 "May",       "June",     "July",     "August",
                                                 "September", "October",  "November", "December"};
  static constexpr std::string_view kShortMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  static constexpr std::string_view kHalves[] = {"AM", "PM"};
  static constexpr std::string_view kZones[] = {"UTC", "GMT"};
  switch (directive) {
    case 'A':
      return kDays;
    case 'a':
      return kShortDays;
    case 'B':
      return kMonths;
    case 'b':
      return kShortMonths;
    case 'p':
      return kHalves;
    case 'Z':
      return kZones;
    default:
      return {};
  }
}

}  // namespace millrace
