#include <saccade/backends/eigen/eigen_backend.hpp>

#include "common/metered_backend.hpp"
#include "common/peak.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <list>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

/// Every operation of the backend contract on the default backend, with its share of what the machine can do. Takes
/// Google Benchmark's options (--benchmark_filter=convolve), and --threads=N.
namespace {

using namespace saccade;
using Backend = EigenBackend<float>;
using Metered = bench::MeteredBackend<Backend>;
using T = Tensor<Backend>;

constexpr Index batch = 16;
constexpr Write write = Write::overwrite;

/// What the operations work with.
struct Workshop {
  explicit Workshop(int threads) : peak(bench::measure_peak(threads)), backend(threads) {}

  /// A tensor of numbers in [-1, 1), which lives until `tensors` is cleared.
  T& operator()(const Shape& shape) {
    std::vector<float> values(static_cast<std::size_t>(shape.size()));
    for (float& value : values) {
      state = state * 1664525u + 1013904223u;
      value = static_cast<float>(state >> 8) * 0x1p-23f - 1.0f;
    }
    tensors.push_back(backend.zeros(shape));
    backend.upload(values, tensors.back());
    return tensors.back();
  }

  bench::Peak peak;
  Metered backend;
  std::list<T> tensors;
  std::uint32_t state = 1;
};

/// Adds a benchmark. `make(workshop)` makes the tensors and returns the operation, a generic function of the backend:
/// the metered one tells what it moves and computes, the bare one is timed.
template <class Make>
void add(Workshop& workshop, const std::string& name, Make make) {
  const auto run = [&workshop, make](benchmark::State& state) {
    workshop.tensors.clear();
    const auto operation = make(workshop);
    static_cast<void>(workshop.backend.take_profile());
    operation(workshop.backend);
    bench::OperationCost cost;
    for (const auto& [call, each] : workshop.backend.take_profile()) {
      cost.flops += each.flops;
      cost.bytes += each.bytes;
    }
    const double seconds = bench::seconds_of([&] {
      for ([[maybe_unused]] auto _ : state) operation(workshop.backend.inner());
    });
    const double calls = static_cast<double>(state.iterations()) / seconds;  // a second
    if (cost.flops > 0) {
      state.counters["FLOP/s"] = calls * cost.flops;
      state.counters["of_peak"] = calls * cost.flops / workshop.peak.flops;
    }
    state.counters["B/s"] = calls * cost.bytes;
    state.counters["of_bandwidth"] = calls * cost.bytes / workshop.peak.bandwidth;
  };
  benchmark::RegisterBenchmark(name.c_str(), run)->UseRealTime()->Unit(benchmark::kMicrosecond);
}

void add_convolutions(Workshop& shop) {
  struct Case {
    std::string name;
    Index side, inputs, outputs, kernel;
    ConvolutionGeometry geometry;
  };
  const std::vector<Case> cases{{"3x3 64-64", 112, 64, 64, 3, {1, 1}},
                                {"3x3 64-64", 56, 64, 64, 3, {1, 1}},
                                {"3x3 64-64", 28, 64, 64, 3, {1, 1}},
                                {"1x1 64-64", 112, 64, 64, 1, {1, 0}},
                                {"1x1 64-64", 28, 64, 64, 1, {1, 0}},
                                {"3x3 3-64", 112, 3, 64, 3, {1, 1}},
                                {"7x7/4 9-64", 112, 9, 64, 7, {4, 3}},
                                {"3x3/2 9-16", 112, 9, 16, 3, {2, 1}},
                                {"3x3/2 3-32", 128, 3, 32, 3, {2, {0, 1, 0, 1}}},
                                {"depthwise 3x3 64", 112, 64, 64, 3, {1, 1, 64}},
                                {"depthwise 3x3/2 64", 112, 64, 64, 3, {2, 1, 64}},
                                {"depthwise 5x5 64", 112, 64, 64, 5, {1, 2, 64}},
                                {"depthwise 5x5/2 64", 112, 64, 64, 5, {2, 2, 64}},
                                {"depthwise 5x5 240", 16, 240, 240, 5, {1, 2, 240}},
                                {"1x1 16-96", 64, 16, 96, 1, {}}};
  for (const Case& c : cases) {
    const Shape xs{batch, c.side, c.side, c.inputs};
    const Shape ws{c.outputs, c.kernel, c.kernel, c.inputs / c.geometry.groups};
    const Shape ys = ops::convolution_shape(xs, ws, c.geometry);
    const auto g = c.geometry;
    const std::string tail = " " + c.name + " at " + std::to_string(c.side);
    add(shop, "convolve" + tail,
        [=](Workshop& w) { return [&x = w(xs), &k = w(ws), &y = w(ys), g](auto& b) { b.convolve(x, k, g, y); }; });
    add(shop, "convolve_backward_input" + tail, [=](Workshop& w) {
      return [&x = w(xs), &k = w(ws), &y = w(ys), g](auto& b) { b.convolve_backward_input(y, k, g, x, write); };
    });
    add(shop, "convolve_backward_weight" + tail, [=](Workshop& w) {
      return [&x = w(xs), &k = w(ws), &y = w(ys), g](auto& b) { b.convolve_backward_weight(y, x, g, k, write); };
    });
  }
}

/// A convolution with batch normalisation and ReLU6, in one and one after the other.
void add_epilogues(Workshop& shop) {
  struct Case {
    std::string name;
    Index side, inputs, outputs, kernel;
    ConvolutionGeometry geometry;
  };
  for (const Case& c : {Case{"depthwise 3x3 64", 112, 64, 64, 3, {1, 1, 64}}, Case{"1x1 16-96", 64, 16, 96, 1, {}}}) {
    const Shape xs{batch, c.side, c.side, c.inputs}, ws{c.outputs, c.kernel, c.kernel, c.inputs / c.geometry.groups};
    const Shape ys = ops::convolution_shape(xs, ws, c.geometry), cs{c.outputs};
    const auto g = c.geometry;
    add(shop, "convolve_epilogue " + c.name + " at " + std::to_string(c.side), [=](Workshop& w) {
      T* const variance = &w(cs);
      w.backend.fill(1.0f, *variance);
      return [=, &x = w(xs), &k = w(ws), &y = w(ys), &gamma = w(cs), &beta = w(cs), &mean = w(cs)]<class B>(B& b) {
        ConvolutionEpilogue<B> epilogue{.rectifier = Rectifier::relu6};
        epilogue.normalization.emplace(NormalizationView<B>{gamma, beta, mean, *variance, 1e-3});
        b.convolve_epilogue(x, k, g, epilogue, y);
      };
    });
  }
}

/// Normalisation, activation and what is fused of them with a convolution, over maps of 64 channels.
void add_activations(Workshop& shop, Index side) {
  const Shape xs{batch, side, side, 64}, cs{64}, gs{batch, 8}, ws{64, 3, 3, 64};
  const std::string tail = " 64 at " + std::to_string(side);
  const auto channels = [&](const std::string& name, auto operation) {
    add(shop, name + tail, [=](Workshop& w) {
      std::vector<T*> c;
      for (int i = 0; i < 8; ++i) c.push_back(&w(cs));
      for (T* variance : {c[3], c[5]}) w.backend.fill(1.0f, *variance);
      return [=, &x = w(xs), &y = w(xs), &z = w(xs)](auto& b) { operation(b, x, y, z, c); };
    });
  };
  // c: gamma, beta, running mean, running variance, mean, rstd, d_gamma, d_beta.
  channels("batch_norm_infer",
           [](auto& b, T& x, T& y, T&, auto& c) { b.batch_norm_infer(x, *c[0], *c[1], *c[2], *c[3], 1e-5, y); });
  channels("batch_norm_train", [](auto& b, T& x, T& y, T&, auto& c) {
    b.batch_norm_train(x, *c[0], *c[1], BatchNormHyper{}, *c[2], *c[3], y, *c[4], *c[5]);
  });
  channels("batch_norm_backward", [](auto& b, T& x, T& y, T& z, auto& c) {
    b.batch_norm_backward(y, x, *c[0], *c[4], *c[5], z, write, *c[6], *c[7], write);
  });
  channels("prelu", [](auto& b, T& x, T& y, T&, auto& c) { b.prelu(x, *c[0], y); });
  channels("prelu_backward",
           [](auto& b, T& x, T& y, T& z, auto& c) { b.prelu_backward(x, *c[0], y, z, write, *c[6], write); });
  add(shop, "group_norm" + tail, [=](Workshop& w) {
    return [&x = w(xs), &y = w(xs), &gamma = w(cs), &beta = w(cs), &mean = w(gs), &rstd = w(gs)](auto& b) {
      b.group_norm(x, gamma, beta, 8, 1e-5, y, mean, rstd);
    };
  });
  add(shop, "group_norm_backward" + tail, [=](Workshop& w) {
    return [&x = w(xs), &d_y = w(xs), &d_x = w(xs), &gamma = w(cs), &mean = w(gs), &rstd = w(gs), &d_gamma = w(cs),
            &d_beta = w(cs)](auto& b) {
      b.group_norm_backward(d_y, x, gamma, 8, mean, rstd, d_x, write, d_gamma, d_beta, write);
    };
  });
  channels("batch_norm_rstd", [](auto& b, T&, T&, T&, auto& c) { b.batch_norm_rstd(*c[3], 1e-5, *c[5]); });
  channels("batch_norm_statistics",
           [](auto& b, T& x, T&, T&, auto& c) { b.batch_norm_statistics(x, BatchNormHyper{}, *c[2], *c[3], *c[4], *c[5]); });
  const auto activated = [&](const std::string& name, auto operation) {
    add(shop, name + tail, [=](Workshop& w) {
      std::vector<T*> c;
      for (int i = 0; i < 8; ++i) c.push_back(&w(cs));
      return [=, &x = w(xs), &y = w(xs), &z = w(xs), &k = w(ws)]<class B>(B& b) {
        operation(b, x, ActivationView<B>{*c[0], *c[1], *c[2], *c[3], *c[4]}, k, y, z, c);
      };
    });
  };
  activated("convolve_activated 3x3", [](auto& b, T& x, const auto& a, T& k, T& y, T& z, auto&) {
    b.convolve_activated(x, a, k, {1, 1}, &z, y);
  });
  activated("convolve_activated_backward_weight 3x3", [](auto& b, T& x, const auto& a, T& k, T& y, T&, auto&) {
    b.convolve_activated_backward_weight(y, x, a, {1, 1}, k, write);
  });
  activated("activation_backward", [](auto& b, T& x, const auto& a, T&, T& y, T& z, auto& c) {
    b.activation_backward(y, x, a, nullptr, z, write, *c[5], *c[6], *c[7], write);
  });
}

void add_pointwise(Workshop& shop, Index side) {
  const Shape xs{batch, side, side, 64};
  const std::string tail = " 64 at " + std::to_string(side);
  const auto maps = [&](const std::string& name, auto operation) {
    add(shop, name + tail,
        [=](Workshop& w) { return [=, &x = w(xs), &y = w(xs), &z = w(xs)](auto& b) { operation(b, x, y, z); }; });
  };
  maps("fill", [](auto& b, T&, T& y, T&) { b.fill(1.0f, y); });
  maps("copy", [](auto& b, T& x, T& y, T&) { b.copy(x, y); });
  maps("relu", [](auto& b, T& x, T& y, T&) { b.relu(x, y); });
  maps("relu_backward", [](auto& b, T& x, T& y, T& z) { b.relu_backward(x, y, z, write); });
  maps("sigmoid", [](auto& b, T& x, T& y, T&) { b.sigmoid(x, y); });
  maps("sigmoid_backward", [](auto& b, T& x, T& y, T& z) { b.sigmoid_backward(x, y, z, write); });
  maps("tanh", [](auto& b, T& x, T& y, T&) { b.tanh(x, y); });
  maps("tanh_backward", [](auto& b, T& x, T& y, T& z) { b.tanh_backward(x, y, z, write); });
  maps("exp", [](auto& b, T& x, T& y, T&) { b.exp(x, y); });
  maps("log", [](auto& b, T& x, T& y, T&) { b.log(x, y); });
  maps("rsqrt", [](auto& b, T& x, T& y, T&) { b.rsqrt(x, y); });
  maps("clamp", [](auto& b, T& x, T& y, T&) { b.clamp(x, -0.5f, 0.5f, y); });
  maps("add", [](auto& b, T& x, T& y, T& z) { b.add(x, y, z); });
  maps("multiply", [](auto& b, T& x, T& y, T& z) { b.multiply(x, y, z, write); });
  maps("axpy", [](auto& b, T& x, T& y, T&) { b.axpy(1e-6f, x, y); });
  add(shop, "sum_of_squares" + tail,
      [=](Workshop& w) { return [&x = w(xs), &sum = w({1})](auto& b) { b.sum_of_squares(x, sum, write); }; });
}

/// Pooling, upsampling and the soft mask.
void add_maps(Workshop& shop, Index side) {
  const Shape xs{batch, side, side, 64}, half{batch, side / 2, side / 2, 64}, pooled{batch, 64}, positions{batch, 128};
  const std::string tail = " 64 at " + std::to_string(side);
  add(shop, "max_pool" + tail, [=](Workshop& w) {
    return [&x = w(xs), &y = w(half), &place = w(half)](auto& b) { b.max_pool(x, PoolingGeometry{}, y, place); };
  });
  add(shop, "max_pool_backward" + tail, [=](Workshop& w) {
    T &x = w(xs), &y = w(half), &place = w(half), &d_y = w(half);
    w.backend.max_pool(x, PoolingGeometry{}, y, place);
    return [&](auto& b) { b.max_pool_backward(d_y, place, PoolingGeometry{}, x, write); };
  });
  add(shop, "global_average_pool" + tail,
      [=](Workshop& w) { return [&x = w(xs), &y = w(pooled)](auto& b) { b.global_average_pool(x, y); }; });
  add(shop, "global_average_pool_backward" + tail, [=](Workshop& w) {
    return [&x = w(xs), &y = w(pooled)](auto& b) { b.global_average_pool_backward(y, x, write); };
  });
  add(shop, "spatial_softmax" + tail, [=](Workshop& w) {
    return [&x = w(xs), &sum = w(pooled), &at = w(positions)](auto& b) { b.spatial_softmax(x, sum, at); };
  });
  add(shop, "spatial_softmax_backward" + tail, [=](Workshop& w) {
    T &x = w(xs), &sum = w(pooled), &at = w(positions), &d_at = w(positions), &d_x = w(xs);
    w.backend.spatial_softmax(x, sum, at);
    return [&](auto& b) { b.spatial_softmax_backward(x, sum, at, d_at, d_x, write); };
  });
  add(shop, "upsample_bilinear" + tail, [=](Workshop& w) {
    return [&x = w(half), &y = w(xs)](auto& b) { b.upsample_bilinear(x, Corners::aligned, y); };
  });
  add(shop, "upsample_bilinear_backward" + tail, [=](Workshop& w) {
    return [&x = w(half), &y = w(xs)](auto& b) { b.upsample_bilinear_backward(y, Corners::aligned, x, write); };
  });
  add(shop, "apply_mask" + tail,
      [=](Workshop& w) { return [&t = w(xs), &m = w(xs), &y = w(xs)](auto& b) { b.apply_mask(t, m, y); }; });
  add(shop, "apply_mask_backward" + tail, [=](Workshop& w) {
    return [&t = w(xs), &m = w(xs), &d = w(xs), &d_t = w(xs), &d_m = w(xs)](auto& b) {
      b.apply_mask_backward(t, m, d, d_t, write, d_m, write);
    };
  });
  add(shop, "attention_pool" + tail,
      [=](Workshop& w) { return [&t = w(xs), &m = w(xs), &y = w(pooled)](auto& b) { b.attention_pool(t, m, y); }; });
  add(shop, "attention_pool_backward" + tail, [=](Workshop& w) {
    return [&t = w(xs), &m = w(xs), &d = w(pooled), &d_t = w(xs), &d_m = w(xs)](auto& b) {
      b.attention_pool_backward(t, m, d, d_t, write, d_m, write);
    };
  });
}

/// What the recurrent core, the heads and the optimiser ask for: small matrices.
void add_small(Workshop& shop) {
  const Index hidden = 256;
  const Shape h{batch, hidden}, gates{batch, 4 * hidden}, ws{4 * hidden, hidden}, bias{4 * hidden}, one{batch},
      two{batch, 2};
  const auto with = [&](const std::string& name, const std::vector<Shape>& shapes, auto operation) {
    add(shop, name, [=](Workshop& w) {
      std::vector<T*> t;
      for (const Shape& shape : shapes) t.push_back(&w(shape));
      return [=](auto& b) { operation(b, t); };
    });
  };
  with("linear 256-1024", {h, ws, gates}, [](auto& b, auto& t) { b.linear(*t[0], *t[1], *t[2], write); });
  with("linear_backward_input 256-1024", {h, ws, gates},
       [](auto& b, auto& t) { b.linear_backward_input(*t[2], *t[1], *t[0], write); });
  with("linear_backward_weight 256-1024", {h, ws, gates},
       [](auto& b, auto& t) { b.linear_backward_weight(*t[2], *t[0], *t[1], write); });
  with("add_bias 1024", {bias, gates}, [](auto& b, auto& t) { b.add_bias(*t[0], *t[1]); });
  with("add_bias_backward 1024", {bias, gates}, [](auto& b, auto& t) { b.add_bias_backward(*t[1], *t[0], write); });
  with("read_columns 256 of 1024", {gates, h}, [](auto& b, auto& t) { b.read_columns(*t[0], 256, *t[1], write); });
  with("write_columns 256 of 1024", {h, gates}, [](auto& b, auto& t) { b.write_columns(*t[0], 256, *t[1], write); });
  with("row_sums 1024", {gates, one}, [](auto& b, auto& t) { b.row_sums(*t[0], *t[1], write); });
  with("row_sums_backward 1024", {one, gates}, [](auto& b, auto& t) { b.row_sums_backward(*t[0], *t[1], write); });
  with("take_rows 1024", {{256, 1024}, one, gates}, [](auto& b, auto& t) {
    b.fill(200.0f, *t[1]);
    b.take_rows(*t[0], *t[1], *t[2]);
  });
  with("lstm_cell 256", {gates, h, gates, h, h, h},
       [](auto& b, auto& t) { b.lstm_cell(*t[0], *t[1], *t[2], *t[3], *t[4], *t[5]); });
  with("lstm_cell_backward 256", {gates, h, h, h, h, gates, h},
       [](auto& b, auto& t) { b.lstm_cell_backward(*t[0], *t[1], *t[2], *t[3], *t[4], *t[5], *t[6]); });
  with("softmax", {two, two}, [](auto& b, auto& t) { b.softmax(*t[0], *t[1]); });
  with("softmax_cross_entropy", {two, one, two, one}, [](auto& b, auto& t) {
    b.fill(1.0f, *t[1]);
    b.softmax_cross_entropy(*t[0], *t[1], *t[2], *t[3]);
  });
  with("softmax_cross_entropy_backward", {two, one, one, two}, [](auto& b, auto& t) {
    b.fill(1.0f, *t[1]);
    b.softmax_cross_entropy_backward(*t[0], *t[1], *t[2], *t[3], write);
  });
  with("most_probable", {two, one}, [](auto& b, auto& t) { b.most_probable(*t[0], *t[1]); });
  with("correct", {one, one, one}, [](auto& b, auto& t) { b.correct(*t[0], *t[1], *t[2]); });
  with("sample_gaussian", {two, two}, [](auto& b, auto& t) { b.sample_gaussian(*t[0], 0.15f, RandomKey{.seed = 1}, *t[1]); });
  with("sample_uniform", {two}, [](auto& b, auto& t) { b.sample_uniform(-1.0f, 1.0f, RandomKey{.seed = 1}, *t[0]); });
  with("sample_categorical", {two, one}, [](auto& b, auto& t) {
    b.fill(0.5f, *t[0]);
    b.sample_categorical(*t[0], RandomKey{.seed = 1}, *t[1]);
  });
  with("gaussian_policy_backward", {two, two, one, two},
       [](auto& b, auto& t) { b.gaussian_policy_backward(*t[0], *t[1], *t[2], 0.15f, *t[3], write); });
  with("clip_scale", {{1}, {1}}, [](auto& b, auto& t) {
    b.fill(4.0f, *t[0]);
    b.clip_scale(*t[0], 1.0f, *t[1]);
  });
  with("mark_not_finite", {h, {1}}, [](auto& b, auto& t) { b.mark_not_finite(*t[0], *t[1]); });
  const Shape parameters{1 << 20};
  with("adam_step of a million", {parameters, {1}, {AdamHyper::count}, parameters, parameters, parameters},
       [](auto& b, auto& t) {
         const std::vector<float> hyper{1e-3f, 0.9f, 0.999f, 1e-8f, 0.1f, 0.001f, 1, 0};
         b.upload(hyper, *t[2]);
         b.fill(0.0f, *t[5]);
         b.adam_step(*t[0], *t[1], *t[2], *t[3], *t[4], *t[5]);
       });
}

void add_glimpses(Workshop& shop) {
  for (const Index scales : {1, 3}) {
    add(shop, "crop_glimpses 112, " + std::to_string(scales) + (scales == 1 ? " scale" : " scales"), [=](Workshop& w) {
      static const RgbImage picture(1024, 1024);
      static const Image<Backend> image = w.backend.make_image(picture.view());
      const GlimpseGeometry geometry{.side = 112, .scales = scales};
      return [=, &location = w({batch, 2}), &patches = w({batch, 112, 112, 3 * scales})]<class B>(B& b) {
        const std::vector<OrientedImage<B>> images(static_cast<std::size_t>(batch), {&image, Symmetry::identity});
        b.crop_glimpses(images, location, geometry, patches);
      };
    });
  }
}

/// Takes "--threads=N" from the command line; 0 where it is not a number from 1 to 1024.
int take_threads(int& argc, char* argv[]) {
  int threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const std::string_view name = "--threads=";
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    if (!std::string_view(argv[i]).starts_with(name)) {
      argv[kept++] = argv[i];
      continue;
    }
    char* end = nullptr;
    const long value = std::strtol(argv[i] + name.size(), &end, 10);
    threads = *end == '\0' && value >= 1 && value <= 1024 ? static_cast<int>(value) : 0;
  }
  argc = kept;
  return threads;
}

}  // namespace

int main(int argc, char* argv[]) {
  const int threads = take_threads(argc, argv);
  if (threads == 0) {
    std::cerr << "ops_benchmark: --threads must be a number from 1 to 1024\n";
    return 2;
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  Workshop shop(threads);
  std::cerr << "peak " << shop.peak.flops / 1e9 << " GFLOP/s, " << shop.peak.bandwidth / 1e9 << " GB/s, with "
            << threads << " threads\n";
  add_convolutions(shop);
  add_epilogues(shop);
  for (const Index side : {112, 28}) {
    add_activations(shop, side);
    add_maps(shop, side);
  }
  add_pointwise(shop, 56);
  add_small(shop);
  add_glimpses(shop);
  benchmark::RunSpecifiedBenchmarks();
}
