#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "declarative/jinja/jinja_loop.h"
#include "declarative/jinja/jinja_template.h"

namespace millrace {

/// The variables of one run of a function: of the template itself, a macro, a recursive loop.
struct JinjaActivation {
  JinjaActivation(std::shared_ptr<JinjaActivation> outer_, size_t count)
      : outer(std::move(outer_)), slots(count, PyValue::Undefined()) {}
  const std::shared_ptr<JinjaActivation> outer;
  std::vector<PyValue> slots;
};

/// One evaluation of a template, on one thread. What it made (macros, loops) may outlive it, but
/// isn't of use any more.
class JinjaEvaluator {
 public:
  /// `sources` are the values of the template's names, in their order; they outlive the evaluator.
  JinjaEvaluator(const JinjaTemplate& jinja, const PyValue* const* sources,
                 EvaluationBudget& budget);
  ~JinjaEvaluator();
  JinjaEvaluator(const JinjaEvaluator&) = delete;
  JinjaEvaluator& operator=(const JinjaEvaluator&) = delete;

  /// The whole template as text.
  Result<std::string> Render();
  /// One expression of it, at its top.
  Result<PyValue> Evaluate(const JinjaNode& node);

  /// For the values that it hands out: null once it's gone.
  using Handle = std::shared_ptr<JinjaEvaluator*>;
  Result<PyValue> CallMacro(const JinjaNode& node, const std::shared_ptr<JinjaActivation>& outer,
                            const PyArguments& arguments);
  /// The text of a recursive loop over `iterable`.
  Result<PyValue> RunRecursiveLoop(const JinjaNode& node,
                                   const std::shared_ptr<JinjaActivation>& outer,
                                   const PyValue& iterable, int depth0);
  /// Whether a loop's `if` lets the item pass.
  Result<bool> PassesTest(const JinjaNode& node, const std::shared_ptr<JinjaActivation>& activation,
                          const PyValue& item);

 private:
  class Entered;  // an activation while it runs
  class Deeper;   // one more level of nesting

  // Expressions (jinja_expressions.cc).
  const PyValue* Borrow(const JinjaNode& node) const;
  Result<PyValue> EvaluateAny(const JinjaNode& node);
  Result<PyList> EvaluateAll(const JinjaNodes& nodes);
  Result<PyValue> EvaluateDict(const JinjaNode& node);
  Result<PyValue> EvaluateBinary(const JinjaNode& node);
  Result<PyValue> EvaluateConcat(const JinjaNode& node);
  Result<PyValue> EvaluateCompare(const JinjaNode& node);
  Result<PyValue> EvaluateSlice(const JinjaNode& node);
  Result<PyValue> EvaluateCondition(const JinjaNode& node);
  Result<PyValue> EvaluateCall(const JinjaNode& node, const PyValue* caller = nullptr);
  Result<PyValue> EvaluateFilter(const JinjaNode& node);
  Status EvaluateArguments(const JinjaArguments& given, PyArguments* arguments);

  // Statements (jinja_statements.cc).
  Status Run(const JinjaNodes& nodes, std::string* text);
  Status RunStatement(const JinjaNode& node, std::string* text);
  Status RunOutput(const JinjaNode& node, std::string* text);
  Status RunAssignBlock(const JinjaNode& node);
  Status RunIf(const JinjaNode& node, std::string* text);
  Status RunWith(const JinjaNode& node, std::string* text);
  Status RunScope(const JinjaNode& node, std::string* text);
  Status RunCallBlock(const JinjaNode& node, std::string* text);
  Status RunFilterBlock(const JinjaNode& node, std::string* text);
  Status Assign(const JinjaNode& target, PyValue value);
  Status AppendOutput(const PyValue& value, std::string* text);

  // Loops and macros (jinja_functions.cc).
  Status RunFor(const JinjaNode& node, std::string* text);
  Status RunLoop(const JinjaNode& node, const PyValue& iterable, int depth0, std::string* text);
  PyValue MakeMacro(const JinjaNode& node);
  Status BindParameters(const JinjaNode& node, const PyArguments& arguments);

  PyValue& At(JinjaRef ref) const;
  void Load(const std::vector<JinjaLoad>& loads);
  Status Step();

  const JinjaTemplate& template_;
  const PyValue* const* const sources_;
  EvaluationBudget& budget_;
  const Handle handle_;
  std::shared_ptr<JinjaActivation> current_;
  std::vector<std::shared_ptr<JinjaActivation>> kept_;  // what macros refer to
  std::vector<PyValue> changed_;                        // namespaces
  const PyValue* filter_text_ = nullptr;                // of the filter block that is being run
  bool autoescape_ = false;
  int depth_ = 0;
  int64_t steps_ = 0;
};

}  // namespace millrace
