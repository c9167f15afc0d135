// The standard headers plus Asio, compiled once for the rooms that hold coroutines. Nothing of our own belongs here.
#pragma once

#include "engine/base/precompiled.h"

#include <asio.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/experimental/awaitable_operators.hpp>
