#pragma once

#include <saccade/ops/pointwise.hpp>
#include <saccade/testing/suite.hpp>

/// Rows and columns of matrices, and channels of maps.
namespace saccade::inline SACCADE_NAMESPACE::testing {

namespace detail {
struct Columns {
  Shape wide;
  Shape narrow;
  Index first;
};
inline const Columns columns[] = {
    {{3, 5}, {3, 2}, 0}, {{3, 5}, {3, 2}, 3}, {{3, 5}, {3, 5}, 0},       {{4, 3}, {4}, 1},
    {{1, 7}, {1, 3}, 2}, {{0, 4}, {0, 2}, 1}, {{5, 4}, {5, 1}, 3},       {{67, 129}, {67, 31}, 37},
    {{1, 1}, {1}, 0},    {{3, 4}, {3, 0}, 2}, {{2, 3, 9}, {2, 3, 4}, 5}, {{3, 17, 13, 18}, {3, 17, 13, 3}, 15}};

inline const Shape matrix_shapes[] = {{0, 3}, {1, 1}, {3, 0}, {3, 5}, {1, 300}, {67, 131}};

/// A table (N, K), of which M rows are taken.
struct Taken {
  Shape table;
  Index rows;
};
inline const Taken taken[] = {{{1, 1}, 1}, {{5, 3}, 2}, {{3, 5}, 7}, {{4, 3}, 0}, {{2, 0}, 3}, {{67, 131}, 300}};
}  // namespace detail

template <class B, class R>
void add_row_cases(Suite<B, R>& suite) {
  suite.operation("row_sums", [] {
    Problems<B, R> problems;
    for (const Shape& shape : detail::matrix_shapes) {
      problems.add({{"x", shape, random_values("x", shape)}}, {{"y", {shape[0]}, 0}}, std::max<Index>(1, shape[1]),
                   [](auto& b, const auto& in, const auto& out, const Writes& write) {
                     ops::row_sums(b, in[0], out[0], write[0]);
                   });
    }
    return problems;
  });
  suite.by_hand("row_sums: numbers by hand", {{"x", {2, 3}, {1, 2, 3, 4, 5, 6}}},
                {{"y", {2}, 0}, {"z", {2}, no_write, {10, 20}}}, {{6, 15}, {16, 35}},
                [](B& b, const auto& in, const auto& out) {
                  ops::row_sums(b, in[0], out[0], Write::overwrite);
                  ops::row_sums(b, in[0], out[1], Write::accumulate);
                });

  suite.operation("take_rows", [] {
    Problems<B, R> problems;
    for (const auto& [table, count] : detail::taken) {
      problems.add({{"table", table, random_values("table", table)},
                    {"rows", {count}, random_indices("rows", {count}, table[0])}},
                   {{"y", {count, table[1]}}}, 1, [](auto& b, const auto& in, const auto& out, const Writes&) {
                     ops::take_rows(b, in[0], in[1], out[0]);
                   });
    }
    return problems;
  });
  suite.by_hand("take_rows: numbers by hand, the last row and one row twice",
                {{"table", {3, 2}, {1, 2, 3, 4, 5, 6}}, {"rows", {4}, {2, 0, 2, 1}}}, {{"y", {4, 2}}},
                {{5, 6, 1, 2, 5, 6, 3, 4}},
                [](B& b, const auto& in, const auto& out) { ops::take_rows(b, in[0], in[1], out[0]); });

  suite.operation("read_columns", [] {
    Problems<B, R> problems;
    for (const auto& [wide, narrow, first] : detail::columns) {
      problems.add({{"x", wide, random_values("x", wide)}}, {{"y", narrow, 0}}, 1,
                   [first = first](auto& b, const auto& in, const auto& out, const Writes& write) {
                     ops::read_columns(b, in[0], first, out[0], write[0]);
                   });
    }
    return problems;
  });
  suite.operation("write_columns", [] {
    Problems<B, R> problems;
    for (const auto& [wide, narrow, first] : detail::columns) {
      problems.add({{"x", narrow, random_values("x", narrow)}}, {{"y", wide, 0, random_values("y", wide)}}, 1,
                   [first = first](auto& b, const auto& in, const auto& out, const Writes& write) {
                     ops::write_columns(b, in[0], first, out[0], write[0]);
                   });
    }
    return problems;
  });
  suite.by_hand("read_columns: numbers by hand", {{"x", {2, 3}, {1, 2, 3, 4, 5, 6}}}, {{"y", {2, 2}, 0}, {"z", {2}, 0}},
                {{2, 3, 5, 6}, {3, 6}}, [](B& b, const auto& in, const auto& out) {
                  ops::read_columns(b, in[0], 1, out[0], Write::overwrite);
                  ops::read_columns(b, in[0], 2, out[1], Write::overwrite);
                });
  suite.by_hand("write_columns: numbers by hand, the other columns stay", {{"x", {2, 2}, {10, 20, 30, 40}}},
                {{"y", {2, 3}, no_write, {1, 2, 3, 4, 5, 6}}, {"z", {2, 3}, no_write, {1, 2, 3, 4, 5, 6}}},
                {{1, 10, 20, 4, 30, 40}, {1, 12, 23, 4, 35, 46}}, [](B& b, const auto& in, const auto& out) {
                  ops::write_columns(b, in[0], 1, out[0], Write::overwrite);
                  ops::write_columns(b, in[0], 1, out[1], Write::accumulate);
                });
  suite.by_hand("read_columns, write_columns: channels of a map by hand",
                {{"x", {1, 2, 1, 3}, {1, 2, 3, 4, 5, 6}}, {"z", {1, 2, 1, 1}, {7, 8}}},
                {{"y", {1, 2, 1, 2}, 0}, {"v", {1, 2, 1, 3}, no_write, {1, 2, 3, 4, 5, 6}}},
                {{2, 3, 5, 6}, {1, 7, 3, 4, 8, 6}}, [](B& b, const auto& in, const auto& out) {
                  ops::read_columns(b, in[0], 1, out[0], Write::overwrite);
                  ops::write_columns(b, in[1], 1, out[1], Write::overwrite);
                });
  suite.adjoint("read_columns", [] {
    std::vector<Derivative<B>> derivatives;
    for (const auto& [wide, narrow] : {std::pair<Shape, Shape>{{3, 5}, {3, 2}}, {{2, 3, 1, 4}, {2, 3, 1, 1}}}) {
      derivatives.push_back(
          {.inputs = {{"x", wide, random_values("x", wide)}},
           .outputs = {{"y", narrow, 0}},
           .wrt = {0},
           .linear_in = {0},
           .forward = [](B& b, const auto& in,
                         const auto& out) { ops::read_columns(b, in[0], 2, out[0], Write::overwrite); },
           .backward =
               [](B& b, const auto&, const auto&, const auto& d_out, const auto& d_in) {
                 b.fill(0, d_in[0]);
                 ops::write_columns(b, d_out[0], 2, d_in[0], Write::overwrite);
               }});
    }
    return derivatives;
  });
}

template <class B, class R>
void add_trainable_row_cases(Suite<B, R>& suite) {
  suite.operation("row_sums_backward", [] {
    Problems<B, R> problems;
    for (const Shape& shape : detail::matrix_shapes) {
      problems.add({{"d_y", {shape[0]}, random_values("d_y", {shape[0]})}}, {{"d_x", shape, 0}}, 1,
                   [](auto& b, const auto& in, const auto& out, const Writes& write) {
                     ops::row_sums_backward(b, in[0], out[0], write[0]);
                   });
    }
    return problems;
  });
  suite.by_hand("row_sums_backward: numbers by hand", {{"d_y", {2}, {7, -8}}},
                {{"d_x", {2, 3}, 0}, {"z", {2, 3}, no_write, {1, 2, 3, 4, 5, 6}}},
                {{7, 7, 7, -8, -8, -8}, {8, 9, 10, -4, -3, -2}}, [](B& b, const auto& in, const auto& out) {
                  ops::row_sums_backward(b, in[0], out[0], Write::overwrite);
                  ops::row_sums_backward(b, in[0], out[1], Write::accumulate);
                });
  const auto row_sums_derivatives = [] {
    const Shape x{4, 5};
    return std::vector<Derivative<B>>{
        {.inputs = {{"x", x, random_values("x", x)}},
         .outputs = {{"y", {4}, 0}},
         .wrt = {0},
         .linear_in = {0},
         .forward = [](B& b, const auto& in, const auto& out) { ops::row_sums(b, in[0], out[0], Write::overwrite); },
         .backward = [](B& b, const auto&, const auto&, const auto& d_out,
                        const auto& d_in) { ops::row_sums_backward(b, d_out[0], d_in[0], Write::overwrite); }}};
  };
  suite.adjoint("row_sums", row_sums_derivatives);
  suite.gradient("row_sums", row_sums_derivatives);
}

}  // namespace saccade::testing
