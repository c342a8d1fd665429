// One function object of several, to visit a std::variant with.
#pragma once

namespace kvtep {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace kvtep
