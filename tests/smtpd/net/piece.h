// Piece: an Item for Batcher and Gathering.
#pragma once

#include <exception>
#include <utility>

namespace headgate::net {

struct Piece {
  explicit Piece(int n) : number(n) {}

  void fail(std::exception_ptr why) { thrown = std::move(why); }

  int number;
  int answer = 0;
  std::exception_ptr thrown;
};

}  // namespace headgate::net
