#include <cudnn.h>

#include "convolution.hpp"
#include "memory.hpp"
#include "stream.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

using namespace saccade_test::emulation;

/// The part of cuDNN's graph API that the backend calls: descriptors that keep what they are given, and three engines
/// for a graph of one convolution, of which only some are fit for us.

struct cudnnContext {
  int device = 0;
  cudaStream_t stream = nullptr;
};

namespace {

struct Object;
using Reference = std::shared_ptr<const Object>;

struct Attribute {
  cudnnBackendAttributeType_t type{};
  std::int64_t count = 0;
  std::vector<unsigned char> bytes;
  std::vector<Reference> objects;  ///< instead of bytes where the type is a descriptor
};

/// What a descriptor is a handle of. Descriptors that are attributes of others live as long as those.
struct Object {
  cudnnBackendDescriptorType_t type{};
  std::map<cudnnBackendAttributeName_t, Attribute> attributes;
  bool finished = false;
  int engine = 0;     ///< of an engine and its configuration
  Reference subject;  ///< of these, the graph
};

/// A descriptor as the caller has it.
using Handle = std::shared_ptr<Object>;
Handle& object_of(cudnnBackendDescriptor_t descriptor) { return *static_cast<Handle*>(descriptor); }

/// What ends a call with CUDNN_STATUS_BAD_PARAM.
struct BadParameter {};
void require(bool condition) {
  if (!condition) throw BadParameter();
}

std::size_t size_of(cudnnBackendAttributeType_t type) {
  switch (type) {
    case CUDNN_TYPE_INT64:
    case CUDNN_TYPE_DOUBLE:
    case CUDNN_TYPE_VOID_PTR:
    case CUDNN_TYPE_HANDLE:
      return 8;
    case CUDNN_TYPE_BOOLEAN:
    case CUDNN_TYPE_CHAR:
      return 1;
    default:
      return 4;
  }
}

template <class Value>
std::vector<Value> values(const Object& object, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                          std::int64_t count) {
  const auto found = object.attributes.find(name);
  require(found != object.attributes.end() && found->second.type == type && found->second.count == count);
  std::vector<Value> result(static_cast<std::size_t>(count));
  std::memcpy(result.data(), found->second.bytes.data(), found->second.bytes.size());
  return result;
}

template <class Value>
Value value(const Object& object, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type) {
  return values<Value>(object, name, type, 1)[0];
}

const Reference& reference(const Object& object, cudnnBackendAttributeName_t name, cudnnBackendDescriptorType_t type) {
  const auto found = object.attributes.find(name);
  require(found != object.attributes.end() && found->second.objects.size() == 1 &&
          found->second.objects[0]->type == type && found->second.objects[0]->finished);
  return found->second.objects[0];
}

StridedTensor tensor(const Object& object) {
  StridedTensor tensor;
  const auto type = value<cudnnDataType_t>(object, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE);
  require(type == CUDNN_DATA_FLOAT || type == CUDNN_DATA_BFLOAT16);
  tensor.number = type == CUDNN_DATA_FLOAT ? Number::single : Number::bf16;
  const auto extents = values<std::int64_t>(object, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4);
  const auto strides = values<std::int64_t>(object, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4);
  std::copy(extents.begin(), extents.end(), tensor.extents.begin());
  std::copy(strides.begin(), strides.end(), tensor.strides.begin());
  require(value<std::int64_t>(object, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64) > 0);
  return tensor;
}

/// Names of the attributes of one of the three products.
struct Names {
  cudnnBackendDescriptorType_t operation;
  Product product;
  cudnnBackendAttributeName_t x, w, y, convolution, alpha, beta;
};

constexpr Names all_names[] = {
    {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, Product::forward,
     CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
     CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
     CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA},
    {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR, Product::backward_data,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA},
    {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR, Product::backward_filter,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA}};

const Names* names_of(cudnnBackendDescriptorType_t operation) {
  for (const Names& names : all_names)
    if (names.operation == operation) return &names;
  return nullptr;
}

Convolution convolution(const Object& operation, const Names& names) {
  const auto operand = [&](cudnnBackendAttributeName_t name) {
    return tensor(*reference(operation, name, CUDNN_BACKEND_TENSOR_DESCRIPTOR));
  };
  Convolution result{names.product, operand(names.x), operand(names.w), operand(names.y), {}, {}, {}, false};
  const Object& geometry = *reference(operation, names.convolution, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  const auto pair = [&](cudnnBackendAttributeName_t name) {
    return values<std::int64_t>(geometry, name, CUDNN_TYPE_INT64, 2);
  };
  require(value<std::int64_t>(geometry, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64) == 2);
  require(value<cudnnDataType_t>(geometry, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE) == CUDNN_DATA_FLOAT);
  require(value<cudnnConvolutionMode_t>(geometry, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE) ==
          CUDNN_CROSS_CORRELATION);
  require(pair(CUDNN_ATTR_CONVOLUTION_DILATIONS) == std::vector<std::int64_t>{1, 1});
  require(value<float>(operation, names.alpha, CUDNN_TYPE_FLOAT) == 1);
  require(value<float>(operation, names.beta, CUDNN_TYPE_FLOAT) == 0);
  for (std::size_t i = 0; i < 2; ++i) {
    result.stride[i] = pair(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES)[i];
    result.before[i] = pair(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS)[i];
    result.after[i] = pair(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS)[i];
  }
  require(result.is_consistent() && result.x.number == result.y.number && result.x.number == result.w.number);
  return result;
}

const Object& operation_of(const Object& graph) {
  const auto found = graph.attributes.find(CUDNN_ATTR_OPERATIONGRAPH_OPS);
  require(found != graph.attributes.end() && found->second.objects.size() == 1);
  return *found->second.objects[0];
}

// The engines, in the order in which they are proposed: the fastest first.
enum Engine { unrepeatable_engine, tensor_core_engine, plain_engine, engine_count };
constexpr std::int64_t workspace_bytes = 64;

std::vector<cudnnBackendNumericalNote_t> notes_of(int engine) {
  if (engine == unrepeatable_engine) return {CUDNN_NUMERICAL_NOTE_TENSOR_CORE, CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC};
  if (engine == tensor_core_engine) return {CUDNN_NUMERICAL_NOTE_TENSOR_CORE};
  return {};
}

/// Whether what the descriptor was given makes sense; throws if not.
void check(const Object& object) {
  switch (object.type) {
    case CUDNN_BACKEND_TENSOR_DESCRIPTOR:
      static_cast<void>(tensor(object));
      break;
    case CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR:
      require(names_of(operation_of(object).type) != nullptr && operation_of(object).finished);
      break;
    case CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR:
      static_cast<void>(
          reference(object, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR));
      static_cast<void>(value<cudnnBackendHeurMode_t>(object, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE));
      break;
    case CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR:
      static_cast<void>(reference(object, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR));
      break;
    default:
      if (const Names* const names = names_of(object.type)) static_cast<void>(convolution(object, *names));
  }
}

/// Writes as many of `found` as there is room for.
template <class Value>
void give(const std::vector<Value>& found, std::int64_t room, std::int64_t* count, void* target) {
  if (count) *count = static_cast<std::int64_t>(found.size());
  const std::size_t fitting = std::min(found.size(), static_cast<std::size_t>(room));
  if (fitting > 0) std::memcpy(target, found.data(), fitting * sizeof(Value));
}

/// The operand of `id` in a variant pack.
void* operand(const Object& pack, std::int64_t id, std::size_t bytes) {
  const auto ids = values<std::int64_t>(pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, 3);
  const auto data = values<void*>(pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, 3);
  const auto found = std::find(ids.begin(), ids.end(), id);
  require(found != ids.end());
  void* const pointer = data[static_cast<std::size_t>(found - ids.begin())];
  require(reinterpret_cast<std::uintptr_t>(pointer) % 16 == 0);
  require_reachable(pointer, bytes, "an operand of a convolution");
  return pointer;
}

template <class Call>
cudnnStatus_t answer(Call call) {
  try {
    call();
    return CUDNN_STATUS_SUCCESS;
  } catch (const BadParameter&) {
    return CUDNN_STATUS_BAD_PARAM;
  }
}

}  // namespace

const char* cudnnGetErrorString(cudnnStatus_t status) {
  return status == CUDNN_STATUS_BAD_PARAM ? "CUDNN_STATUS_BAD_PARAM" : "CUDNN_STATUS_EXECUTION_FAILED";
}

cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  if (require_device() != cudaSuccess) return CUDNN_STATUS_NOT_INITIALIZED;
  *handle = new cudnnContext{current_device(), nullptr};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  (void)refuse_while_capturing();  // it waits for the device
  delete handle;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  if (device_of(stream) != handle->device) return CUDNN_STATUS_BAD_PARAM;
  handle->stream = stream;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type, cudnnBackendDescriptor_t* descriptor) {
  auto* const handle = new Handle(std::make_shared<Object>());
  (*handle)->type = type;
  *descriptor = handle;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor) {
  delete static_cast<Handle*>(descriptor);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, std::int64_t count, const void* elements) {
  return answer([&] {
    Object& object = *object_of(descriptor);
    require(!object.finished);
    Attribute attribute{type, count, {}, {}};
    if (type == CUDNN_TYPE_BACKEND_DESCRIPTOR) {
      const auto* const descriptors = static_cast<const cudnnBackendDescriptor_t*>(elements);
      for (std::int64_t i = 0; i < count; ++i) attribute.objects.push_back(object_of(descriptors[i]));
    } else {
      const auto* const bytes = static_cast<const unsigned char*>(elements);
      attribute.bytes.assign(bytes, bytes + static_cast<std::size_t>(count) * size_of(type));
    }
    object.attributes[name] = std::move(attribute);
  });
}

cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t descriptor) {
  return answer([&] {
    check(*object_of(descriptor));
    object_of(descriptor)->finished = true;
  });
}

cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t, std::int64_t room, std::int64_t* count,
                                       void* elements) {
  return answer([&] {
    const Object& object = *object_of(descriptor);
    const auto give_object = [&](std::int64_t i, int engine, const Reference& subject) {
      const Handle& target = object_of(static_cast<cudnnBackendDescriptor_t*>(elements)[i]);
      target->engine = engine;
      target->subject = subject;
      target->finished = true;
    };
    require(object.finished);
    switch (name) {
      case CUDNN_ATTR_ENGINEHEUR_RESULTS:
        for (int engine = 0; engine < std::min<std::int64_t>(engine_count, room); ++engine)
          give_object(
              engine, engine,
              reference(object, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR));
        *count = engine_count;
        break;
      case CUDNN_ATTR_ENGINECFG_ENGINE:
        give_object(0, object.engine, object.subject);
        *count = 1;
        break;
      case CUDNN_ATTR_ENGINE_NUMERICAL_NOTE:
        give(notes_of(object.engine), room, count, elements);
        break;
      case CUDNN_ATTR_ENGINE_GLOBAL_INDEX:
        give(std::vector<std::int64_t>{object.engine}, room, count, elements);
        break;
      case CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE:
        give(std::vector<std::int64_t>{workspace_bytes}, room, count, elements);
        break;
      default:
        require(false);
    }
  });
}

cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan_descriptor,
                                  cudnnBackendDescriptor_t pack_descriptor) {
  return answer([&] {
    const Object& plan = *object_of(plan_descriptor);
    const Object& pack = *object_of(pack_descriptor);
    require(plan.finished && pack.finished && current_device() == handle->device);
    const Object& configuration =
        *reference(plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
    require(configuration.engine != unrepeatable_engine);  // nobody may want it
    const Object& operation = operation_of(*configuration.subject);
    const Names& names = *names_of(operation.type);
    Convolution work = convolution(operation, names);
    work.tf32 = configuration.engine != plain_engine;
    const auto data = [&](cudnnBackendAttributeName_t name, const StridedTensor& shape) {
      const Object& described = *reference(operation, name, CUDNN_BACKEND_TENSOR_DESCRIPTOR);
      return operand(pack, value<std::int64_t>(described, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64),
                     shape.bytes());
    };
    void* const x = data(names.x, work.x);
    void* const w = data(names.w, work.w);
    void* const y = data(names.y, work.y);
    require_reachable(value<void*>(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR), workspace_bytes,
                      "the workspace of a convolution");
    require(enqueue(handle->stream, [=] { work.run(x, w, y); }) == cudaSuccess);
  });
}
