package org.canbridge.runtime.training.watch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunMetricsTest {
  private static final List<String> TERMS = List.of("mse", "vb");

  @TempDir Path folder;

  private static StepMetrics step(long step, OptionalDouble heldOut) {
    Map<String, Double> terms = Map.of("mse", 0.25, "vb", Double.NaN);
    return new StepMetrics(step, 0.5, terms, 1e-4, 2, 100.5, 1.5 * step, heldOut);
  }

  private RunMetrics open(long resumed) throws IOException {
    return RunMetrics.open(folder, resumed, 1.5 * resumed, TERMS);
  }

  private Path events() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> found =
          files
              .filter(
                  f -> f.getFileName().toString().matches("events\\.out\\.tfevents\\.\\d{10}.*"))
              .toList();
      assertEquals(1, found.size(), found.toString());
      return found.get(0);
    }
  }

  @Test
  void threeFilesSayTheSame() throws IOException {
    try (RunMetrics metrics = open(0)) {
      metrics.append(StepMetrics.start(0.75, 0.5));
      metrics.append(step(1, OptionalDouble.empty()));
      metrics.append(step(2, OptionalDouble.of(0.625)));
    }
    assertEquals(3, MetricsFile.read(folder.resolve("metrics.jsonl")).size());
    assertEquals(
        List.of(
            "step,loss,mse,vb,learning_rate,gradient_norm,images_per_second,seconds,held_out",
            "0,,,,,,,0.5,0.75",
            "1,0.5,0.25,NaN,1.0E-4,2.0,100.5,1.5,",
            "2,0.5,0.25,NaN,1.0E-4,2.0,100.5,3.0,0.625"),
        Files.readAllLines(folder.resolve("metrics.csv")));
    String step =
        "train/loss=0.5 train/mse=0.25 train/vb=NaN train/learning_rate=1.0E-4"
            + " train/gradient_norm=2.0 train/images_per_second=100.5";
    assertEquals(
        List.of(
            "brain.Event:2",
            "start",
            "0: held_out/loss=0.75",
            "1: " + step,
            "2: " + step + " held_out/loss=0.625"),
        read(events()));
  }

  /** A killed run: its files are a step ahead of the checkpoint, and torn. */
  @Test
  void aRunThatGoesOnHasNoStepTwice() throws IOException {
    try (RunMetrics metrics = open(0)) {
      for (int i = 1; i <= 3; i++) {
        metrics.append(step(i, OptionalDouble.empty()));
      }
    }
    Path first = events();
    Files.write(first, new byte[] {9, 0, 0});
    Files.writeString(folder.resolve("metrics.csv"), "step,lo");
    try (RunMetrics metrics = open(2)) {
      metrics.append(step(3, OptionalDouble.of(0.5)));
    }
    assertNotEquals(first, events(), "a name that TensorBoard has not read to its end");
    List<String> events = read(events());
    assertEquals(
        List.of("1", "2", "3"),
        events.stream().skip(2).map(e -> e.substring(0, e.indexOf(':'))).toList());
    assertEquals(
        List.of("step", "1", "2", "3"),
        Files.readAllLines(folder.resolve("metrics.csv")).stream()
            .map(row -> row.substring(0, row.indexOf(',')))
            .toList());
  }

  /** What every event file of TensorFlow's begins with: 24 bytes, and the length's CRC. */
  @Test
  void recordsAreFramedAsTensorFlowFramesThem() {
    String begin = HexFormat.of().formatHex(EventRecords.head(1.5), 0, 12);
    assertEquals("1800000000000000" + "a37f4b22", begin);
  }

  /** An event a record, as text. */
  private static List<String> read(Path file) throws IOException {
    List<String> events = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    while (in.hasRemaining()) {
      int at = in.position();
      byte[] data = new byte[(int) in.getLong()];
      in.getInt();
      in.get(data).getInt();
      byte[] record = new byte[in.position() - at];
      in.get(at, record);
      assertEquals(ByteBuffer.wrap(EventRecords.framed(data)), ByteBuffer.wrap(record));
      events.add(event(CodedInputStream.newInstance(data)));
    }
    return events;
  }

  private static String event(CodedInputStream in) throws IOException {
    long step = 0;
    List<String> values = new ArrayList<>();
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case 1 -> assertEquals(System.currentTimeMillis() / 1e3, in.readDouble(), 60);
        case 2 -> step = in.readInt64();
        case 3 -> {
          return in.readString();
        }
        case 5 -> {
          CodedInputStream summary = in.readBytes().newCodedInput();
          while (summary.readTag() != 0) {
            CodedInputStream value = summary.readBytes().newCodedInput();
            value.readTag();
            String name = value.readString();
            value.readTag();
            values.add(name + "=" + value.readFloat());
          }
        }
        default -> {
          return "start";
        }
      }
    }
    return step + ": " + String.join(" ", values);
  }
}
