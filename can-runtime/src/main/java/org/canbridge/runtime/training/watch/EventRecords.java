package org.canbridge.runtime.training.watch;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * What TensorBoard reads: records of TensorFlow's framing (length and data, each with its masked
 * CRC-32C), each an {@code Event} of its protocol buffers (tensorflow/core/util/event.proto and
 * framework/summary.proto), of which the few fields that are needed are written.
 */
final class EventRecords {
  /** Of {@code Event}. */
  private static final int WALL_TIME = 1;

  private static final int STEP = 2;
  private static final int FILE_VERSION = 3;
  private static final int SUMMARY = 5;
  private static final int SESSION_LOG = 7;

  /** Of {@code Summary}. */
  private static final int VALUE = 1;

  /** Of {@code Summary.Value}. */
  private static final int TAG = 1;

  private static final int SIMPLE_VALUE = 2;

  /** Of {@code SessionLog}: what was read of this step and later ones no longer holds. */
  private static final int STATUS = 1;

  private static final int START = 1;

  /** The framing stores CRCs rotated and with this added, as data may hold CRCs itself. */
  private static final int MASK = 0xa282ead8;

  /** A message's fields. */
  private interface Fields {
    void write(CodedOutputStream out) throws IOException;
  }

  private EventRecords() {}

  /** What a file begins with: its version, and that it holds the run from the first step on. */
  static byte[] head(double wallTime) {
    byte[] version =
        message(
            out -> {
              out.writeDouble(WALL_TIME, wallTime);
              out.writeString(FILE_VERSION, "brain.Event:2");
            });
    byte[] start =
        message(
            out -> {
              out.writeDouble(WALL_TIME, wallTime);
              out.writeByteArray(SESSION_LOG, message(log -> log.writeEnum(STATUS, START)));
            });
    byte[] first = framed(version);
    byte[] second = framed(start);
    return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
  }

  /** A step's numbers. */
  static byte[] of(StepMetrics metrics, double wallTime) {
    return framed(
        message(
            out -> {
              out.writeDouble(WALL_TIME, wallTime);
              out.writeInt64(STEP, metrics.step());
              out.writeByteArray(SUMMARY, message(summary -> values(summary, metrics)));
            }));
  }

  private static void values(CodedOutputStream out, StepMetrics metrics) throws IOException {
    if (metrics.step() > 0) {
      value(out, "train/loss", metrics.loss());
      for (var term : metrics.terms().entrySet()) {
        value(out, "train/" + term.getKey(), term.getValue());
      }
      value(out, "train/learning_rate", metrics.learningRate());
      value(out, "train/gradient_norm", metrics.gradientNorm());
      value(out, "train/images_per_second", metrics.imagesPerSecond());
    }
    if (metrics.heldOut().isPresent()) {
      value(out, "held_out/loss", metrics.heldOut().getAsDouble());
    }
  }

  private static void value(CodedOutputStream out, String tag, double value) throws IOException {
    out.writeByteArray(
        VALUE,
        message(
            fields -> {
              fields.writeString(TAG, tag);
              fields.writeFloat(SIMPLE_VALUE, (float) value);
            }));
  }

  private static byte[] message(Fields fields) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    try {
      fields.write(out);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("memory does not fail to be written", e);
    }
    return bytes.toByteArray();
  }

  /** A record: length, its CRC, data, their CRC; little endian. */
  static byte[] framed(byte[] data) {
    ByteBuffer record =
        ByteBuffer.allocate(Long.BYTES + data.length + 2 * Integer.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    record.putLong(data.length);
    record.putInt(masked(record.slice(0, Long.BYTES)));
    record.put(data);
    record.putInt(masked(ByteBuffer.wrap(data)));
    return record.array();
  }

  private static int masked(ByteBuffer data) {
    CRC32C crc = new CRC32C();
    crc.update(data);
    return Integer.rotateRight((int) crc.getValue(), 15) + MASK;
  }
}
