#include "declarative/requests/request_options.h"

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

Status Collision(const std::string& path) {
  return PyError("ValueError",
                 "Request body collision, duplicate keys detected at key path: " + path +
                     ". Please ensure that all keys in the request are unique.");
}

Status MergeDicts(const PyDict& source, const std::string& path, bool same_may_meet, PyDict* target,
                  int depth) {
  if (depth > kPyDepthMax) return PyError("RecursionError", "a request body nests too deeply");
  for (const auto& [key, value] : source) {
    const PyValue* there = std::as_const(*target).Find(key);
    if (there == nullptr) {
      target->Set(key, value.DeepCopy());
      continue;
    }
    const std::string here = path.empty() ? PyStr(key) : path + "." + PyStr(key);
    if (!same_may_meet) return Collision(here);
    if (there->is_dict() && value.is_dict()) {
      MR_RETURN_IF_ERROR(
          MergeDicts(value.dict(), here, same_may_meet, &there->mutable_dict(), depth + 1));
    } else if (!PyEqual(*there, value)) {
      return Collision(here);
    }
  }
  return Status::Ok();
}

/// Whether it takes part in a merge: text always does, a dict when something is in it.
bool Counts(const PyValue& value) {
  return !value.is_none() && !(value.is_dict() && value.dict().empty());
}

Status Merge(PyValue more, bool same_may_meet, PyValue* into) {
  if (!Counts(more)) return Status::Ok();
  if (!Counts(*into)) {
    *into = more.is_dict() ? more.DeepCopy() : std::move(more);
    return Status::Ok();
  }
  if (more.is_str() && into->is_str()) {
    return PyError("ValueError", "Cannot combine multiple string options");
  }
  if (more.is_str() || into->is_str()) {
    return PyError("ValueError", "Cannot combine multiple options if one is a string");
  }
  if (!more.is_dict()) return Status::Ok();
  if (!into->is_dict()) *into = PyValue(PyDict());
  return MergeDicts(more.dict(), "", same_may_meet, &into->mutable_dict(), 0);
}

}  // namespace

Status MergeRequestOptions(RequestOptions more, RequestOptions* into) {
  MR_RETURN_IF_ERROR(Merge(std::move(more.params), false, &into->params));
  MR_RETURN_IF_ERROR(Merge(std::move(more.headers), false, &into->headers));
  MR_RETURN_IF_ERROR(Merge(std::move(more.body_data), false, &into->body_data));
  return Merge(std::move(more.body_json), true, &into->body_json);
}

}  // namespace millrace
