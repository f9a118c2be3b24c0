#pragma once

#include <saccade/core/communicator.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/peer_error.hpp>

#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// The processes of one task, whatever carries their messages, and this one among them; by default it is alone. A
/// handle: copies are of the same group, and the communicator outlives them.
class ProcessGroup {
 public:
  ProcessGroup() = default;

  template <class C>
  requires Communicator<C> &&(!std::same_as<C, ProcessGroup>)explicit ProcessGroup(C& communicator)
      : members_(std::make_shared<Of<C>>(communicator)) {}

  [[nodiscard]] Index rank() const { return members_ ? members_->rank() : 0; }
  [[nodiscard]] Index size() const { return members_ ? members_->size() : 1; }

  /// Whether this is the one that writes files and says what there is to say.
  [[nodiscard]] bool leads() const { return rank() == 0; }

  /// As a Communicator's; only where there are several.
  void all_gather(std::span<const std::byte> mine, std::span<std::byte> all, std::span<const std::size_t> sizes) const {
    members_->all_gather(mine, all, sizes);
  }
  void exchange(std::span<const std::byte> out, std::span<const std::size_t> out_sizes, std::span<std::byte> in,
                std::span<const std::size_t> in_sizes) const {
    members_->exchange(out, out_sizes, in, in_sizes);
  }

  /// Ends the others, wherever they are. @throws Error with the sentence where there are none
  void abort(const std::string& sentence) const {
    if (!members_) throw Error(sentence);
    members_->abort(sentence);
  }

  /// Calls `talk`, in which this process speaks to the others outside of `together`. What it throws aborts them: nobody
  /// knows where they wait.
  template <class Talk>
  decltype(auto) or_abort(const Talk& talk) const {
    try {
      return talk();
    } catch (const PeerError&) {
      throw;
    } catch (const std::exception& error) {
      abort(error.what());
      throw;
    }
  }

  /// Everybody calls its body; each gets what all of them return, text or bytes in a string, by rank. Where the body of
  /// one throws, everybody's call does: there the same error, or the one of the lowest rank where there are several,
  /// and PeerError everywhere else. This is how an error of one process, a bad image or a full disk, ends all of them.
  /// A body may call `together`, and must not talk to the others in any other way.
  template <class Body>
  std::vector<std::string> together(Body&& body) const {
    if (size() == 1) return {returned(body)};
    members_->ended = false;
    std::string message;  // a letter, and what is to be told
    std::exception_ptr error;
    try {
      message = "=" + returned(body);
    } catch (const PeerError&) {
      throw;  // everybody knows
    } catch (const std::exception& caught) {
      if (members_->ended) throw;  // told within the body
      error = std::current_exception();
      message = std::string(1, static_cast<char>(kind_of(caught))) + caught.what();
    }
    std::vector<std::string> messages = or_abort([&] { return gather(message); });
    for (std::size_t r = 0; r < messages.size(); ++r) {
      if (messages[r].front() == '=') continue;
      members_->ended = true;
      if (static_cast<Index>(r) == rank()) std::rethrow_exception(error);
      throw PeerError(static_cast<PeerError::Kind>(messages[r].front()), messages[r].substr(1));
    }
    for (std::string& each : messages) each.erase(0, 1);
    return messages;
  }

  /// Throws an error that everybody has found at the same time: the leader's to say.
  template <std::derived_from<Error> E>
  [[noreturn]] void fail(const E& error) const {
    if (members_) members_->ended = true;
    if (leads()) throw error;
    throw PeerError(kind_of(error), error.what());
  }

 private:
  struct Members {
    Members() = default;
    Members(const Members&) = delete;
    Members& operator=(const Members&) = delete;
    virtual ~Members() = default;
    [[nodiscard]] virtual Index rank() const = 0;
    [[nodiscard]] virtual Index size() const = 0;
    virtual void all_gather(std::span<const std::byte>, std::span<std::byte>, std::span<const std::size_t>) = 0;
    virtual void exchange(std::span<const std::byte>, std::span<const std::size_t>, std::span<std::byte>,
                          std::span<const std::size_t>) = 0;
    virtual void abort(const std::string&) = 0;

    bool ended = false;  ///< by an error that everybody knows, on its way out
  };

  template <class C>
  struct Of final : Members {
    explicit Of(C& c) : communicator(&c) {}
    [[nodiscard]] Index rank() const override { return communicator->rank(); }
    [[nodiscard]] Index size() const override { return communicator->size(); }
    void all_gather(std::span<const std::byte> mine, std::span<std::byte> all,
                    std::span<const std::size_t> sizes) override {
      communicator->all_gather(mine, all, sizes);
    }
    void exchange(std::span<const std::byte> out, std::span<const std::size_t> out_sizes, std::span<std::byte> in,
                  std::span<const std::size_t> in_sizes) override {
      communicator->exchange(out, out_sizes, in, in_sizes);
    }
    void abort(const std::string& sentence) override { communicator->abort(sentence); }

    C* communicator;
  };

  template <class Body>
  static std::string returned(Body& body) {
    if constexpr (std::same_as<decltype(body()), void>) {
      body();
      return {};
    } else {
      return body();
    }
  }

  [[nodiscard]] static PeerError::Kind kind_of(const std::exception& error) {
    if (dynamic_cast<const ConfigError*>(&error)) return PeerError::Kind::config;
    if (dynamic_cast<const FileError*>(&error)) return PeerError::Kind::file;
    if (dynamic_cast<const NumericError*>(&error)) return PeerError::Kind::numeric;
    return PeerError::Kind::other;
  }

  /// Everybody's text, by rank.
  [[nodiscard]] std::vector<std::string> gather(std::string_view mine) const {
    const auto ranks = static_cast<std::size_t>(size());
    const std::size_t length = mine.size();
    std::vector<std::size_t> lengths(ranks);
    std::vector<std::size_t> sizes(ranks, sizeof length);
    all_gather(std::as_bytes(std::span(&length, 1)), std::as_writable_bytes(std::span(lengths)), sizes);
    std::size_t total = 0;
    for (std::size_t r = 0; r < ranks; ++r) total += sizes[r] = lengths[r];
    std::string all(total, '\0');
    all_gather(std::as_bytes(std::span(mine)), std::as_writable_bytes(std::span(all)), sizes);
    std::vector<std::string> texts;
    std::size_t begin = 0;
    for (const std::size_t each : sizes) {
      texts.push_back(all.substr(begin, each));
      begin += each;
    }
    return texts;
  }

  std::shared_ptr<Members> members_{};
};

}  // namespace saccade
