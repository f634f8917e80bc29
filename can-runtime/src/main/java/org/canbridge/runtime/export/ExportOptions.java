package org.canbridge.runtime.export;

import java.util.EnumSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.apiguardian.api.API;
import org.canbridge.importers.published.PipelineFolder;
import org.canbridge.tensors.DType;

/**
 * How a model is exported.
 *
 * @param opset version of ONNX's operators; empty for the form's own choice
 * @param guided whether guidance is part of what is written
 * @param inline whether weights go inside the file
 * @param unrolled whether the graph does without loops, which not every compiler takes
 * @param dtype element type of the weights; empty keeps each tensor's own
 * @param maxShardSize largest number of tensor bytes in one file; empty for one file
 * @param modelCard whether a page about the model goes with it
 * @param pipeline the pipeline that the model is to be the network of, whose other parts are
 *     written too
 */
@API(status = API.Status.STABLE)
public record ExportOptions(
    OptionalInt opset,
    boolean guided,
    boolean inline,
    boolean unrolled,
    Optional<DType> dtype,
    OptionalLong maxShardSize,
    boolean modelCard,
    Optional<PipelineFolder> pipeline) {

  /** Nothing is said. */
  public static ExportOptions defaults() {
    return new ExportOptions(
        OptionalInt.empty(),
        false,
        false,
        false,
        Optional.empty(),
        OptionalLong.empty(),
        false,
        Optional.empty());
  }

  /** In this version of ONNX's operators ({@code --opset}). */
  public ExportOptions withOpset(int version) {
    return new ExportOptions(
        OptionalInt.of(version),
        guided,
        inline,
        unrolled,
        dtype,
        maxShardSize,
        modelCard,
        pipeline);
  }

  /** With guidance inside ({@code --guided}). */
  public ExportOptions withGuidance() {
    return new ExportOptions(
        opset, true, inline, unrolled, dtype, maxShardSize, modelCard, pipeline);
  }

  /** With the weights inside the file ({@code --inline}). */
  public ExportOptions inlined() {
    return new ExportOptions(
        opset, guided, true, unrolled, dtype, maxShardSize, modelCard, pipeline);
  }

  /** Without loops ({@code --no-loops}). */
  public ExportOptions withoutLoops() {
    return new ExportOptions(opset, guided, inline, true, dtype, maxShardSize, modelCard, pipeline);
  }

  /** With weights of this type ({@code --dtype}). */
  public ExportOptions withDtype(DType type) {
    return new ExportOptions(
        opset, guided, inline, unrolled, Optional.of(type), maxShardSize, modelCard, pipeline);
  }

  /**
   * At most this many bytes of tensors in a file ({@code --max-shard-size}).
   *
   * @throws IllegalArgumentException if there is no room for any
   */
  public ExportOptions withMaxShardSize(long bytes) {
    if (bytes <= 0) {
      throw new IllegalArgumentException("a shard must have room: " + bytes);
    }
    return new ExportOptions(
        opset, guided, inline, unrolled, dtype, OptionalLong.of(bytes), modelCard, pipeline);
  }

  /** With a page about the model ({@code --model-card}). */
  public ExportOptions withModelCard() {
    return new ExportOptions(opset, guided, inline, unrolled, dtype, maxShardSize, true, pipeline);
  }

  /** With the other parts of this pipeline ({@code --pipeline}). */
  public ExportOptions withPipeline(PipelineFolder whole) {
    return new ExportOptions(
        opset, guided, inline, unrolled, dtype, maxShardSize, modelCard, Optional.of(whole));
  }

  /** What was said. */
  public Set<ExportOption> given() {
    Set<ExportOption> given = EnumSet.noneOf(ExportOption.class);
    add(given, opset.isPresent(), ExportOption.OPSET);
    add(given, guided, ExportOption.GUIDED);
    add(given, inline, ExportOption.INLINE);
    add(given, unrolled, ExportOption.NO_LOOPS);
    add(given, dtype.isPresent(), ExportOption.DTYPE);
    add(given, maxShardSize.isPresent(), ExportOption.MAX_SHARD_SIZE);
    add(given, pipeline.isPresent(), ExportOption.PIPELINE);
    add(given, modelCard, ExportOption.MODEL_CARD);
    return given;
  }

  private static void add(Set<ExportOption> given, boolean said, ExportOption option) {
    if (said) {
      given.add(option);
    }
  }
}
