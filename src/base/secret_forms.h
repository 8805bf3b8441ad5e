#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// The texts by which a secret shows in messages: as it is, as JSON writes it (other letters as
/// they are and as \uXXXX), as Python shows a text and its bytes, and as it stands in an address.
/// Of one with line breaks (a PEM file, a key's JSON document), also written as \n: each line of 16
/// characters or more, in all these forms, but no line that says only what follows ("-----BEGIN").
/// Each once; of plain letters and digits there is one. At most 1,000 lines are looked at.
std::vector<std::string> SecretForms(std::string_view secret);

/// Those of all of them, the longest first: as Secrets::Strike wants them.
std::vector<std::string> SecretFormsOf(const std::vector<std::string>& secrets);

}  // namespace millrace
