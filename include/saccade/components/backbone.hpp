#pragma once

#include <saccade/components/convolution_block.hpp>
#include <saccade/core/component.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Whether a parameter of that name never changes.
using IsFrozen = std::function<bool(const std::string& name)>;

/// The blocks of a BackbonePlan one after the other: x (B, side, side, 3), map (B, map_side, map_side, channels).
///
/// The first parts of the network, as many as have been frozen, normalise by the running statistics in training as
/// well, and leave these as they are; backward ends behind them, and of their maps nothing is kept. In evaluation all
/// parts are treated so. The maps that are thrown away again are shared by all caches of an episode.
template <class B>
class Backbone {
  using Block = ConvolutionBlock<B>;

 public:
  struct Parameters {
    std::vector<std::string> names;  ///< of the blocks
    std::vector<typename Block::Parameters> blocks;

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      for (std::size_t i = 0; i < self.blocks.size(); ++i)
        Block::Parameters::for_each(self.blocks[i], prefix + self.names[i] + ".", visit);
    }
  };

  struct Statistics {
    std::vector<std::string> names;
    std::vector<typename Block::Statistics> blocks;

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      for (std::size_t i = 0; i < self.blocks.size(); ++i)
        Block::Statistics::for_each(self.blocks[i], prefix + self.names[i] + ".", visit);
    }
  };

  /// Maps that blocks need one after the other, a few, which they use in turn: of what is inferred or of gradients.
  struct Scratch {
    std::vector<Tensor<B>> maps;
    std::vector<std::vector<Tensor<B>*>> inner;  ///< of each block, see ConvolutionBlock::infer and backward
    std::vector<Tensor<B>*> outputs;             ///< what each block but the last hands to the next
  };

  struct Cache {
    std::shared_ptr<Scratch> scratch;
    Tensor<B> inferred;                          // of the last block that only infers, or of length 0
    std::vector<typename Block::Cache> trained;  ///< of the other blocks
  };

  /// Gradients of the maps in blocks that are trained, from the last one to the first.
  struct Workspace {
    std::shared_ptr<Scratch> scratch;
  };

  /// @throws ConfigError where the map becomes too small
  Backbone(const BackbonePlan& plan, Index side) : plan_(plan), side_(side) {
    for (const BlockPlan& block : plan.blocks) {
      blocks_.push_back(Block(block, plan, side));
      side = blocks_.back().output_side();
    }
  }

  [[nodiscard]] const BackbonePlan& plan() const { return plan_; }
  [[nodiscard]] Index side() const { return side_; }
  [[nodiscard]] Index map_side() const { return blocks_.back().output_side(); }
  [[nodiscard]] Index channels() const { return blocks_.back().outputs(); }

  /// Treats those parts as frozen of which no parameter changes, from the first one on up to the first that learns;
  /// caches and workspaces made before are of no more use.
  /// @param prefix  of the parameters' names
  void freeze(const Parameters& p, const std::string& prefix, const IsFrozen& is_frozen) {
    frozen_ = 0;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      bool learns = false;
      Block::Parameters::for_each(p.blocks[i], prefix + p.names[i] + ".",
                                  [&](const std::string& name, auto&&...) { learns = learns || !is_frozen(name); });
      if (!learns) continue;
      const Index part = blocks_[i].plan().part;
      while (frozen_ < blocks_.size() && blocks_[frozen_].plan().part < part) ++frozen_;
      return;
    }
    frozen_ = blocks_.size();
  }

  /// Whether any part is trained, and whether any is frozen.
  [[nodiscard]] bool trains() const { return frozen_ < blocks_.size(); }
  [[nodiscard]] bool freezes() const { return frozen_ > 0; }

  [[nodiscard]] Parameters make_parameters(B& b) const {
    Parameters p;
    for (const Block& block : blocks_) {
      p.names.push_back(block.plan().name);
      p.blocks.push_back(block.make_parameters(b));
    }
    return p;
  }

  [[nodiscard]] Statistics make_statistics(B& b) const {
    Statistics s;
    for (const Block& block : blocks_) {
      s.names.push_back(block.plan().name);
      s.blocks.push_back(block.make_statistics(b));
    }
    return s;
  }

  /// @param sibling  null, or a cache of the same batch and mode that is never used at the same time
  [[nodiscard]] Cache make_cache(B& b, Index batch, Mode mode, const Cache* sibling = nullptr) const {
    const std::size_t inferred = inferred_blocks(mode);
    const auto make = [&] {
      return make_scratch(
          b, inferred, [&](std::size_t i) { return blocks_[i].inner_shapes(batch); },
          [&](std::size_t i) { return blocks_[i].output_shape(batch); });
    };
    Cache cache{sibling ? sibling->scratch : make(),
                make_map(b, inferred == 0 ? Shape{0} : blocks_[inferred - 1].output_shape(batch)),
                {}};
    for (std::size_t i = inferred; i < blocks_.size(); ++i) cache.trained.push_back(blocks_[i].make_cache(b, batch));
    return cache;
  }

  [[nodiscard]] Workspace make_workspace(B& b, Index batch) const {
    const std::size_t last = blocks_.size() - 1;
    return {make_scratch(
        b, blocks_.size() - frozen_, [&](std::size_t i) { return blocks_[last - i].gradient_shapes(batch); },
        [&](std::size_t i) { return blocks_[last - i - 1].output_shape(batch); })};
  }

  void forward(B& b, const Parameters& p, Statistics& s, const Tensor<B>& x, Cache& cache, Mode mode) const {
    const std::size_t inferred = blocks_.size() - cache.trained.size();
    infer(b, p, s, x, cache, inferred);
    if (mode == Mode::evaluation && inferred < blocks_.size())
      throw ConfigError("Backbone: an evaluation needs a cache made for evaluation");
    if constexpr (TrainableNormalizationOps<B>) {
      const Tensor<B>* in = inferred == 0 ? &x : &cache.inferred;
      for (std::size_t i = inferred; i < blocks_.size(); ++i) {
        typename Block::Cache& own = cache.trained[i - inferred];
        blocks_[i].forward(b, p.blocks[i], s.blocks[i], *in, own);
        in = &blocks_[i].output(own);
      }
    }
  }

  /// What forward has made of x, (B, map_side, map_side, channels).
  [[nodiscard]] const Tensor<B>& map(const Cache& cache) const {
    return cache.trained.empty() ? cache.inferred : blocks_.back().output(cache.trained.back());
  }

  /// Gradients of parameters accumulate; x is data. Valid after a forward pass in training mode. d_map is used as
  /// scratch.
  void backward(B& b, const Parameters& p, const Tensor<B>& x, const Cache& cache, Tensor<B>& d_map, Workspace& w,
                Parameters& d_p) const requires TrainableConvolutionOps<B> && TrainableNormalizationOps<B> &&
      TrainablePointwiseOps<B> && TrainablePoolingOps<B> {
    Tensor<B>* d_y = &d_map;
    for (std::size_t i = blocks_.size(); i-- > frozen_;) {
      const std::size_t own = i - frozen_, turn = blocks_.size() - 1 - i;
      const Tensor<B>& in = own > 0 ? blocks_[i - 1].output(cache.trained[own - 1]) : i > 0 ? cache.inferred : x;
      Tensor<B>* const d_x = own > 0 ? w.scratch->outputs[turn] : nullptr;
      blocks_[i].backward(b, p.blocks[i], in, cache.trained[own], *d_y, w.scratch->inner[turn], d_p.blocks[i], d_x);
      d_y = d_x;
    }
  }

 private:
  /// No map is written while it is still read. The blocks in the order in which they take their turns:
  /// @param inner_shapes  (i) of the maps that only block i needs
  /// @param output_shape  (i) of what block i hands to the next
  template <class InnerShapes, class OutputShape>
  [[nodiscard]] static std::shared_ptr<Scratch> make_scratch(B& b, std::size_t blocks, const InnerShapes& inner_shapes,
                                                             const OutputShape& output_shape) {
    std::vector<Shape> shapes;
    std::vector<bool> taken;
    const auto take = [&](const Shape& shape) {
      std::size_t at = 0;
      while (at < shapes.size() && (taken[at] || shapes[at] != shape)) ++at;
      if (at == shapes.size()) {
        shapes.push_back(shape);
        taken.push_back(false);
      }
      taken[at] = true;
      return at;
    };
    std::vector<std::vector<std::size_t>> inner(blocks);
    std::vector<std::size_t> outputs;
    for (std::size_t i = 0; i < blocks; ++i) {
      for (const Shape& shape : inner_shapes(i)) inner[i].push_back(take(shape));
      if (i + 1 < blocks) outputs.push_back(take(output_shape(i)));
      for (const std::size_t at : inner[i]) taken[at] = false;
      if (i > 0) taken[outputs[i - 1]] = false;
    }
    auto scratch = std::make_shared<Scratch>();
    for (const Shape& shape : shapes) scratch->maps.push_back(make_map(b, shape));
    for (const std::vector<std::size_t>& places : inner) {
      std::vector<Tensor<B>*>& own = scratch->inner.emplace_back();
      for (const std::size_t at : places) own.push_back(&scratch->maps[at]);
    }
    for (const std::size_t at : outputs) scratch->outputs.push_back(&scratch->maps[at]);
    return scratch;
  }

  [[nodiscard]] std::size_t inferred_blocks(Mode mode) const {
    return mode == Mode::evaluation ? blocks_.size() : frozen_;
  }

  void infer(B& b, const Parameters& p, const Statistics& s, const Tensor<B>& x, Cache& cache,
             std::size_t blocks) const {
    const Tensor<B>* in = &x;
    for (std::size_t i = 0; i < blocks; ++i) {
      Tensor<B>& out = i + 1 < blocks ? *cache.scratch->outputs[i] : cache.inferred;
      blocks_[i].infer(b, p.blocks[i], s.blocks[i], *in, cache.scratch->inner[i], out);
      in = &out;
    }
  }

  BackbonePlan plan_;
  Index side_;
  std::vector<Block> blocks_;
  std::size_t frozen_ = 0;  ///< blocks, from the first on
};

}  // namespace saccade
