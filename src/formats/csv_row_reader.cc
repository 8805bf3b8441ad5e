#include "formats/csv_row_reader.h"

#include <algorithm>
#include <bit>

#include "formats/byte_match.h"

namespace millrace {
namespace {

constexpr size_t kFirstFields = 64;
/// Stands for the place of a closing quote.
constexpr int64_t kNeverClosed = -2;

}  // namespace

CsvRowReader::CsvRowReader(ByteReader& input, const CsvDialect& dialect, int64_t first_line)
    : dialect_(dialect), text_(input), next_line_(first_line), fields_(kFirstFields) {
  // Fewer than four are rare, and a repeated one does no harm.
  specials_ = {'\n',
               '\r',
               dialect.delimiter,
               dialect.quote.value_or('\n'),
               dialect.escape.value_or('\n'),
               dialect.comment.value_or('\n')};
}

uint64_t CsvRowReader::SpecialsAt(int64_t position) const {
  const char* const text = text_.data() + position;
  uint64_t mask = dialect_.escape || dialect_.comment ? MatchAny64<6>(text, specials_.data())
                                                      : MatchAny64<4>(text, specials_.data());
  if (const int64_t left = text_.size() - position; left < 64) {
    mask &= left <= 0 ? 0 : (uint64_t{1} << left) - 1;
  }
  return mask;
}

void CsvRowReader::ScanBlock(int64_t position) {
  block_ = position;
  mask_ = SpecialsAt(position);
}

void CsvRowReader::AlignBlock() {
  // The next row starts in the block that the last one ended in, nearly always.
  if (block_ < 0 || at_ < block_ || at_ >= block_ + 64) {
    ScanBlock(at_);
  } else if (at_ > block_) {
    mask_ &= ~uint64_t{0} << (at_ - block_);
  }
}

void CsvRowReader::EndRow(int64_t next, int64_t lines) {
  row_start_ = at_;
  row_line_ = next_line_;
  next_line_ += lines;
  at_ = next;
}

bool CsvRowReader::ScanPlainRow() {
  // Locals, so that they stay in registers.
  const char* const data = text_.data();
  const int64_t size = text_.size();
  const char delimiter = dialect_.delimiter;
  uint64_t mask = mask_;
  int64_t block = block_, start = at_;
  CsvField* const first = fields_.data() + first_field_;
  CsvField* field = first;
  const CsvField* const last = fields_.data() + fields_.size() - 1;
  if (field >= last) return false;
  for (;;) {
    while (mask == 0) {
      block += 64;
      if (block >= size) return false;
      mask = SpecialsAt(block);
    }
    const int64_t position = block + std::countr_zero(mask);
    mask &= mask - 1;
    field->raw = {data + start, static_cast<size_t>(position - start)};
    field->form = CsvField::Form::kPlain;
    const char c = data[position];
    start = position + 1;
    if (c == delimiter) [[likely]] {
      if (++field == last) return false;  // ScanRow makes room for more
      continue;
    }
    if (c == '\r' && start < size && data[start] == '\n') {
      ++start;
    } else if (c != '\n') {
      return false;
    }
    field_count_ = static_cast<size_t>(field - first) + 1;
    quote_closed_ = -1;
    EndRow(start, 1);
    block_ = block;
    mask_ = mask;
    return true;
  }
}

int64_t CsvRowReader::AfterLineBreak(int64_t position) {
  if (text_.data()[position] == '\n') return position + 1;
  if (position + 1 < text_.size()) return position + (text_.data()[position + 1] == '\n' ? 2 : 1);
  return text_.ended() ? position + 1 : -1;
}

void CsvRowReader::EndField(int64_t end) {
  CsvField field;
  if (coded_ || (quoted_ && quote_closed_ != end - 1)) {
    field.form = CsvField::Form::kCoded;
    field.raw = {text_.data() + field_start_, static_cast<size_t>(end - field_start_)};
  } else if (quoted_) {
    field.form = CsvField::Form::kQuoted;
    field.raw = {text_.data() + field_start_ + 1, static_cast<size_t>(end - field_start_ - 2)};
  } else {
    field.raw = {text_.data() + field_start_, static_cast<size_t>(end - field_start_)};
  }
  const size_t place = first_field_ + field_count_++;
  if (place >= fields_.size()) fields_.resize(2 * place);
  fields_[place] = field;
  quoted_ = false;
  coded_ = false;
  quote_closed_ = -1;
  field_start_ = end + 1;
}

CsvRowReader::RowEnd CsvRowReader::ScanRow() {
  field_count_ = 0;
  field_start_ = at_;
  quoted_ = coded_ = false;
  quote_closed_ = -1;
  bool inside = false;   // between the quotes of a quoted field
  bool comment = false;  // behind a comment character
  int64_t skip = -1;     // a special character that an escape or a quote has made ordinary
  int64_t lines = 1;
  for (;;) {
    while (mask_ == 0) {
      if (block_ + 64 >= text_.size()) {
        if (!text_.ended()) return RowEnd::kNeedsMore;
        if (!comment) EndField(text_.size());
        EndRow(text_.size(), lines);
        // The caller looks at `inside`: an open quote at the end is an error.
        if (inside) quote_closed_ = kNeverClosed;
        return RowEnd::kComplete;
      }
      ScanBlock(block_ + 64);
    }
    const int64_t position = block_ + std::countr_zero(mask_);
    mask_ &= mask_ - 1;
    if (position == skip) continue;
    const char c = text_.data()[position];
    if (c == dialect_.delimiter && !inside && !comment) {
      EndField(position);
    } else if (inside) {
      if (c == '\n') {
        ++lines;
      } else if (dialect_.escape && c == *dialect_.escape) {
        coded_ = true;
        skip = position + 1;
      } else if (c == *dialect_.quote) {
        if (position + 1 >= text_.size() && !text_.ended()) return RowEnd::kNeedsMore;
        if (dialect_.doublequote && position + 1 < text_.size() &&
            text_.data()[position + 1] == c) {
          coded_ = true;
          skip = position + 1;
        } else {
          inside = false;
          quote_closed_ = position;
        }
      }
    } else if (c == '\n' || c == '\r') {
      const int64_t next = AfterLineBreak(position);
      if (next < 0) return RowEnd::kNeedsMore;
      if (!comment) EndField(position);
      EndRow(next, lines);
      return RowEnd::kComplete;
    } else if (comment) {
      continue;
    } else if (dialect_.comment && c == *dialect_.comment) {
      if (position > at_) EndField(position);
      comment = true;
    } else if (dialect_.escape && c == *dialect_.escape) {
      coded_ = true;
      skip = position + 1;
    } else if (dialect_.quote && c == *dialect_.quote && position == field_start_) {
      quoted_ = true;
      inside = true;
    }
  }
}

bool CsvRowReader::IsBlank() const {
  if (field_count_ == 0) return true;
  const CsvField& field = fields_[first_field_];
  return dialect_.skip_blank_lines && field_count_ == 1 && field.raw.empty() &&
         field.form == CsvField::Form::kPlain;
}

CsvRowReader::Found CsvRowReader::FindRow() {
  for (;;) {
    if (at_ >= text_.size()) return text_.ended() ? Found::kEnd : Found::kNeedsMore;
    AlignBlock();
    if (!ScanPlainRow() && ScanRow() == RowEnd::kNeedsMore) {
      block_ = -1;
      return Found::kNeedsMore;
    }
    if (quote_closed_ == kNeverClosed) return Found::kOpenQuote;
    if (!IsBlank()) return Found::kRow;
  }
}

Result<bool> CsvRowReader::Next() {
  first_field_ = 0;
  for (;;) {
    switch (FindRow()) {
      case Found::kRow:
        return true;
      case Found::kEnd:
        return false;
      case Found::kOpenQuote:
        return ConfigError("line {}: a quote is opened and never closed", row_line_);
      case Found::kNeedsMore:
        MR_RETURN_IF_ERROR(text_.MoveTo(at_, next_line_));
        at_ = 0;
        block_ = -1;
    }
  }
}

void CsvRowReader::StepBack(int64_t at, int64_t line) {
  at_ = at;
  next_line_ = line;
  block_ = -1;
}

Result<bool> CsvRowReader::NextRows(size_t rows_max, int64_t offset_end, CsvRows* rows) {
  rows->first.clear();
  rows->count.clear();
  rows->line.clear();
  if (rows_max == 0 || next_offset() >= offset_end) return false;
  MR_ASSIGN_OR_RETURN(bool more, Next());
  if (!more) return false;
  if (row_offset() >= offset_end) {
    // Blank lines have led past the end.
    StepBack(row_start_, row_line_);
    return false;
  }
  while (more) {
    rows->first.push_back(first_field_);
    rows->count.push_back(field_count_);
    rows->line.push_back(row_line_);
    first_field_ += field_count_;
    field_count_ = 0;
    if (rows->size() >= rows_max || next_offset() >= offset_end) break;
    const int64_t at = at_, line = next_line_;
    more = FindRow() == Found::kRow && row_offset() < offset_end;
    // An error or a row behind the end is the next call's to look at.
    if (!more && at_ != at) StepBack(at, line);
  }
  rows->fields = {fields_.data(), first_field_};
  return true;
}

std::string_view CsvRowReader::Decode(const CsvField& field, std::string& scratch) const {
  if (field.form != CsvField::Form::kCoded) return field.raw;
  scratch.clear();
  const std::string_view raw = field.raw;
  bool inside = false;
  for (size_t i = 0; i < raw.size(); ++i) {
    const char c = raw[i];
    if (dialect_.escape && c == *dialect_.escape && i + 1 < raw.size()) {
      scratch += raw[++i];
    } else if (dialect_.quote && c == *dialect_.quote && (inside || i == 0)) {
      if (inside && dialect_.doublequote && i + 1 < raw.size() && raw[i + 1] == c) {
        scratch += raw[++i];
      } else {
        inside = !inside;
      }
    } else {
      scratch += c;
    }
  }
  return scratch;
}

}  // namespace millrace
