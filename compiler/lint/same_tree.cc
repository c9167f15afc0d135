// Tested by tests/compiler/lint/lint_test.cc (useless-flag, dialect-difference).
#include "compiler/lint/same_tree.h"

namespace headgate::lint {

bool same_tree(const analyse::Node& a, const analyse::Node& b) {
  if (a.kind == analyse::NodeKind::anything || a.kind != b.kind || a.min != b.min ||
      a.max != b.max || a.not_ahead != b.not_ahead || a.children.size() != b.children.size())
    return false;
  if (a.kind == analyse::NodeKind::bytes && a.set != b.set) return false;
  for (std::size_t i = 0; i < a.children.size(); ++i)
    if (!same_tree(a.children[i], b.children[i])) return false;
  return true;
}

}  // namespace headgate::lint
