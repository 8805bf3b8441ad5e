#include "base/memory_budget.h"

#include <algorithm>

namespace millrace {

MemoryBudget::Account::~Account() {
  std::lock_guard lock(budget_.mutex_);
  budget_.bytes_held_ -= bytes_;
  std::erase(budget_.accounts_, this);
}

void MemoryBudget::Account::Report(int64_t bytes) {
  std::lock_guard lock(budget_.mutex_);
  budget_.bytes_held_ += bytes - bytes_;
  bytes_ = bytes;
  if (budget_.bytes_held_ <= budget_.bytes_max_) return;
  const auto largest =
      std::max_element(budget_.accounts_.begin(), budget_.accounts_.end(),
                       [](const Account* a, const Account* b) { return a->bytes_ < b->bytes_; });
  (*largest)->chosen_ = true;
}

std::unique_ptr<MemoryBudget::Account> MemoryBudget::OpenAccount() {
  auto account = std::make_unique<Account>(*this);
  std::lock_guard lock(mutex_);
  accounts_.push_back(account.get());
  return account;
}

int64_t MemoryBudget::bytes_held() const {
  std::lock_guard lock(mutex_);
  return bytes_held_;
}

}  // namespace millrace
