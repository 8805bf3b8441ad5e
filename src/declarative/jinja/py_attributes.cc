#include <cmath>

#include "declarative/jinja/py_function.h"
#include "declarative/jinja/py_opaque.h"
#include "declarative/jinja/py_time.h"

namespace millrace {
namespace {

using Kind = PyValue::Kind;

/// What `value.tzinfo` is: prints as its class does.
class ZoneObject final : public PyOpaque {
 public:
  explicit ZoneObject(PyZone zone) : zone_(zone) {}
  std::string_view type_name() const override { return "timezone"; }
  std::string Repr() const override {
    return zone_.zone_class == PyZone::Class::kDateutilOffset ? "tzoffset" : PyZoneName(zone_);
  }

 private:
  const PyZone zone_;
};

struct CivilField {
  std::string_view name;
  int64_t PyCivilTime::*field;
};
constexpr CivilField kDateFields[] = {
    {"year", &PyCivilTime::year}, {"month", &PyCivilTime::month}, {"day", &PyCivilTime::day}};
constexpr CivilField kTimeFields[] = {{"hour", &PyCivilTime::hour},
                                      {"minute", &PyCivilTime::minute},
                                      {"second", &PyCivilTime::second},
                                      {"microsecond", &PyCivilTime::microsecond}};

PyValue OfCivilTime(int64_t local_us, bool time, std::string_view name) {
  const PyCivilTime civil = PyCivilTime::Of(local_us);
  for (const CivilField& field : kDateFields) {
    if (field.name == name) return PyValue(civil.*field.field);
  }
  for (const CivilField& field : kTimeFields) {
    if (time && field.name == name) return PyValue(civil.*field.field);
  }
  return PyValue::Undefined();
}

PyValue OfDateTime(const PyMoment& moment, std::string_view name) {
  if (name == "tzinfo") {
    if (moment.zone.naive()) return PyValue();
    return PyValue::Of(Kind::kObject, new ZoneObject(moment.zone));
  }
  if (name == "fold") return PyValue(0);
  return OfCivilTime(moment.local_us, /*time=*/true, name);
}

PyValue OfDelta(Int128 us, std::string_view name) {
  const Int128 days = FloorDivide(us, kPyMicrosPerDay);
  const auto rest = static_cast<int64_t>(us - days * kPyMicrosPerDay);
  if (name == "days") return PyValue(static_cast<int64_t>(days));
  if (name == "seconds") return PyValue(rest / 1'000'000);
  if (name == "microseconds") return PyValue(rest % 1'000'000);
  return PyValue::Undefined();
}

PyValue WholeOrFloat(double value) {
  if (std::trunc(value) == value) return PyValue(static_cast<int64_t>(value));
  return PyValue(value);
}

PyValue OfDuration(const PyDuration& duration, std::string_view name) {
  if (name == "years") return WholeOrFloat(duration.years);
  if (name == "months") return WholeOrFloat(duration.months);
  if (name == "tdelta") return PyValue::Of(Kind::kTimeDelta, new PyTimeDelta(duration.us));
  return OfDelta(duration.us, name);
}

PyValue OfInteger(const PyValue& value, std::string_view name) {
  if (name == "real" || name == "numerator") {
    return value.is_bool() ? PyValue(value.as_int()) : value;
  }
  if (name == "imag") return PyValue(0);
  return name == "denominator" ? PyValue(1) : PyValue::Undefined();
}

/// What groupby gives has names for its two parts.
PyValue OfGroup(const PyList& items, std::string_view name) {
  if (items.size() != 2 || !items[1].is_list()) return PyValue::Undefined();
  if (name == "grouper") return items[0];
  return name == "list" ? items[1] : PyValue::Undefined();
}

}  // namespace

PyValue PyAttribute(const PyValue& receiver, std::string_view name) {
  switch (receiver.kind()) {
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kBigInt:
      return OfInteger(receiver, name);
    case Kind::kFloat:
      if (name == "real") return receiver;
      return name == "imag" ? PyValue(0.0) : PyValue::Undefined();
    case Kind::kTuple:
      return OfGroup(receiver.items(), name);
    case Kind::kDateTime:
      return OfDateTime(MomentOf(receiver), name);
    case Kind::kDate:
      return OfCivilTime(DateOf(receiver) * int64_t{kPyMicrosPerDay}, /*time=*/false, name);
    case Kind::kTimeDelta:
      return OfDelta(DeltaOf(receiver), name);
    case Kind::kDuration:
      return OfDuration(DurationOf(receiver), name);
    default:
      return PyValue::Undefined();
  }
}

}  // namespace millrace
