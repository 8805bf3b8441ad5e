#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <memory>

#include "declarative/jinja/py_bound_arguments.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_function_table.h"
#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_regex.h"
#include "formats/utf8_text.h"

namespace millrace {
namespace {

using Kind = PyValue::Kind;

/// What regular expressions may make of a text.
constexpr size_t kSubstitutedBytesMax = 16 << 20;

std::string Hex(const unsigned char* bytes, size_t size) {
  std::string text;
  for (size_t i = 0; i < size; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
}

/// hashlib's names and OpenSSL's.
constexpr std::pair<std::string_view, const char*> kHashes[] = {
    {"md5", "MD5"},           {"sha1", "SHA1"},          {"sha224", "SHA224"},
    {"sha256", "SHA256"},     {"sha384", "SHA384"},      {"sha512", "SHA512"},
    {"sha3_224", "SHA3-224"}, {"sha3_256", "SHA3-256"},  {"sha3_384", "SHA3-384"},
    {"sha3_512", "SHA3-512"}, {"blake2b", "BLAKE2b512"}, {"blake2s", "BLAKE2s256"}};

Result<PyValue> Hash(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("hash", arguments, {"value", "hash_type", "salt"}, 1));
  MR_ASSIGN_OR_RETURN(const std::string_view name, args.Text(1, "md5"));
  const EVP_MD* digest = nullptr;
  for (const auto& [python, openssl] : kHashes) {
    if (python == name) digest = EVP_get_digestbyname(openssl);
  }
  if (name.starts_with("shake_")) {
    return PyError("TypeError", "hexdigest() misses a required argument");
  }
  if (digest == nullptr) {
    return PyError("AttributeError", fmt::format("No hashing function named {}", name));
  }
  std::string text = PyStr(args.At(0));
  if (args[2] != nullptr && PyTruthy(args.At(2))) text += PyStr(args.At(2));
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash;
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), hash.data(), &size, digest, nullptr) != 1) {
    return PyError("ValueError", fmt::format("unsupported hash type {}", name));
  }
  return PyValue(Hex(hash.data(), size));
}

Result<PyValue> Hmac(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("hmac", arguments, {"value", "key", "hash_type"}, 2));
  if (args[2] != nullptr && (!args.At(2).is_str() || args.At(2).str() != "sha256")) {
    MR_RETURN_IF_ERROR(PyHashable(args.At(2)));
    return PyError("ValueError", fmt::format("Hash type '{}' is not allowed. Allowed types: sha256",
                                             PyStr(args.At(2))));
  }
  const std::string key = PyStr(args.At(1)), text = PyStr(args.At(0));
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash;
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data(), &size);
  return PyValue(Hex(hash.data(), size));
}

/// What `value.encode(…)` needs: text.
Result<std::string_view> TextToEncode(const PyBoundArguments& args) {
  const PyValue& value = args.At(0);
  if (value.is_str()) return std::string_view(value.str());
  if (value.is_undefined()) return UseOfUndefined(value);
  return PyError("AttributeError",
                 fmt::format("'{}' object has no attribute 'encode'", PyTypeName(value)));
}

std::string EncodedBase64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(size));
  return text;
}

Result<PyValue> Base64Encode(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("base64encode", arguments, {"value"}, 1));
  MR_ASSIGN_OR_RETURN(const std::string_view text, TextToEncode(args));
  MR_RETURN_IF_ERROR(ChargeText(budget, 2 * text.size()));
  return PyValue(EncodedBase64(text));
}

/// For all its name, the CDK's encodes.
Result<PyValue> Base64BinasciiDecode(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("base64binascii_decode", arguments, {"value"}, 1));
  MR_ASSIGN_OR_RETURN(const std::string_view text, TextToEncode(args));
  MR_RETURN_IF_ERROR(ChargeText(budget, 2 * text.size()));
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x80) continue;
    return PyError("UnicodeEncodeError", "'ascii' codec can't encode a character");
  }
  return PyValue(EncodedBase64(text));
}

int Base64Digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/// As Python reads it when it isn't strict: what is no base64 is skipped, and everything behind
/// the padding that ends a group.
Result<std::string> DecodedBase64(std::string_view text) {
  std::string bytes;
  unsigned group = 0;
  int digits = 0, pads = 0;
  for (const char c : text) {
    if (c == '=') {
      if (digits >= 2 && digits + ++pads >= 4) return bytes;
      continue;
    }
    const int digit = Base64Digit(c);
    if (digit < 0) continue;
    pads = 0;
    group = group << 6 | static_cast<unsigned>(digit);
    if (++digits > 1) bytes.push_back(static_cast<char>(group >> (8 - 2 * digits)));
    if (digits == 4) {
      digits = 0;
      group = 0;
    }
  }
  if (digits != 0) return PyError("Error", "Incorrect padding");
  return bytes;
}

Result<PyValue> Base64Decode(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("base64decode", arguments, {"value"}, 1));
  MR_ASSIGN_OR_RETURN(const std::string_view text, TextToEncode(args));
  MR_RETURN_IF_ERROR(ChargeText(budget, text.size()));
  MR_ASSIGN_OR_RETURN(std::string bytes, DecodedBase64(text));
  const auto size = static_cast<int64_t>(bytes.size());
  if (FirstInvalidUtf8(bytes.data(), size) != size) {
    return PyError("UnicodeDecodeError", "'utf-8' codec can't decode the bytes");
  }
  return PyValue(std::move(bytes));
}

Result<PyValue> String(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("string", arguments, {"value"}, 1));
  if (args.At(0).is_str()) return args.At(0);
  std::string text = "\"\"\"";
  MR_RETURN_IF_ERROR(AppendPyJson(args.At(0), {}, &text));
  MR_RETURN_IF_ERROR(ChargeText(budget, text.size()));
  return PyValue(text + "\"\"\"");
}

Result<PyValue> RegexSearch(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("regex_search", arguments, {"value", "regex"}, 2));
  MR_ASSIGN_OR_RETURN(const std::string_view pattern, args.Text(1));
  MR_ASSIGN_OR_RETURN(const std::shared_ptr<const PyRegex> regex, PyRegex::Make(pattern));
  MR_ASSIGN_OR_RETURN(const std::string_view text, args.Text(0));
  MR_RETURN_IF_ERROR(budget.ChargeSteps(static_cast<int64_t>(text.size() / 16 + 1)));
  MR_ASSIGN_OR_RETURN(const std::optional<PyRegex::Groups> match, regex->Search(text));
  if (!match || regex->group_count() == 0) return PyValue("");
  const auto& group = (*match)[1];
  if (!group) return PyValue();
  return PyValue(text.substr(group->first, group->second - group->first));
}

Result<PyValue> RegexReplace(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(
      const PyBoundArguments args,
      PyBoundArguments::Bind("regex_replace", arguments, {"value", "regex", "replacement"}, 3));
  MR_ASSIGN_OR_RETURN(const std::string_view pattern, args.Text(1));
  MR_ASSIGN_OR_RETURN(const std::shared_ptr<const PyRegex> regex, PyRegex::Make(pattern));
  MR_ASSIGN_OR_RETURN(const std::string_view replacement, args.Text(2));
  MR_ASSIGN_OR_RETURN(const std::string_view text, args.Text(0));
  MR_RETURN_IF_ERROR(budget.ChargeSteps(static_cast<int64_t>(text.size() / 16 + 1)));
  MR_ASSIGN_OR_RETURN(std::string result,
                      regex->Substitute(text, replacement, kSubstitutedBytesMax));
  MR_RETURN_IF_ERROR(ChargeText(budget, result.size()));
  return PyValue(std::move(result));
}

constexpr PyNamedFunction kFilters[] = {
    {"hash", Hash},
    {"base64encode", Base64Encode},
    {"base64decode", Base64Decode},
    {"base64binascii_decode", Base64BinasciiDecode},
    {"string", String},
    {"regex_search", RegexSearch},
    {"regex_replace", RegexReplace},
    {"hmac", Hmac},
};

}  // namespace

PyFunctionTable CdkFilters() { return kFilters; }

}  // namespace millrace
