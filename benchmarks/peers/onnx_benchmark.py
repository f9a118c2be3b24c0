"""ONNX Runtime and OpenVINO as peers of benchmarks/compare.py: a model, measured once for every line of stdin.

usage: onnx_benchmark.py onnxruntime|openvino MODEL.onnx --threads N

Development only. Single precision, one stream, N threads.
"""

import argparse

import numpy

from peer import memory, serve


def onnxruntime_work(model, threads, crops):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {session.get_inputs()[0].name: crops}), f"ONNX Runtime {onnxruntime.__version__}"


def openvino_work(model, threads, crops):
    import openvino

    settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_PRECISION_HINT": "f32"}
    request = openvino.Core().compile_model(model, "CPU", settings).create_infer_request()
    return lambda: request.infer({0: crops}), f"OpenVINO {openvino.__version__}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runtime", choices=["onnxruntime", "openvino"])
    parser.add_argument("model")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    start = memory("VmRSS")
    crops = numpy.random.default_rng(1).uniform(-1, 1, (8, 3, 128, 128)).astype(numpy.float32)
    make = onnxruntime_work if arguments.runtime == "onnxruntime" else openvino_work
    work, library = make(arguments.model, arguments.threads, crops)
    serve(work, start, library=library, threads=arguments.threads)


if __name__ == "__main__":
    main()
