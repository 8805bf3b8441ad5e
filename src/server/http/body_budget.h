#pragma once

#include <map>
#include <string>

namespace millrace {

/// The memory that all request bodies of a server may take together, from their first byte to the
/// end of their handling, and how much of it one peer may have. On the server's io thread only.
class BodyBudget {
 public:
  BodyBudget(size_t bytes_max, size_t peer_bytes_max)
      : bytes_max_(bytes_max), peer_bytes_max_(peer_bytes_max) {}

  /// What one request holds of it, for as long as this lives. Borrows the budget.
  class Share {
   public:
    /// `peer` empty: one that may have all of it.
    Share(BodyBudget& budget, std::string peer) : budget_(budget), peer_(std::move(peer)) {}
    ~Share() { budget_.Change(peer_, bytes_, 0); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    /// Makes it `bytes` in all. False: there isn't so much left, and nothing changed.
    bool Hold(size_t bytes) {
      if (bytes > bytes_ && !budget_.Has(peer_, bytes - bytes_)) return false;
      budget_.Change(peer_, bytes_, bytes);
      bytes_ = bytes;
      return true;
    }

   private:
    BodyBudget& budget_;
    const std::string peer_;
    size_t bytes_ = 0;
  };

 private:
  bool Has(const std::string& peer, size_t more) const {
    if (held_ + more > bytes_max_) return false;
    const auto held = by_peer_.find(peer);
    return peer.empty() || (held == by_peer_.end() ? 0 : held->second) + more <= peer_bytes_max_;
  }
  void Change(const std::string& peer, size_t from, size_t to) {
    held_ += to - from;
    if (peer.empty() || from == to) return;
    size_t& of_peer = by_peer_[peer];
    of_peer += to - from;
    if (of_peer == 0) by_peer_.erase(peer);
  }

  const size_t bytes_max_, peer_bytes_max_;
  size_t held_ = 0;
  std::map<std::string, size_t> by_peer_;
};

}  // namespace millrace
