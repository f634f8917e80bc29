package org.canbridge.tensors.onnx;

import static org.canbridge.tensors.formats.Refusals.assertRefused;
import static org.canbridge.tensors.onnx.OnnxModels.bytes;
import static org.canbridge.tensors.onnx.OnnxModels.external;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnx.proto.OnnxMl.TensorProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.files.Problem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tensors in files beside the model, and paths that lead elsewhere. */
final class OnnxExternalDataTest {
  @TempDir Path folder;

  private static TensorFile open(Path file) {
    return OnnxFile.open(file);
  }

  private Path file(byte[] content) throws IOException {
    return Files.write(folder.resolve("file"), content);
  }

  private void refused(Problem problem, byte[] content, String... lines) throws IOException {
    Path path = file(content);
    assertRefused(problem, path, () -> open(path), lines);
  }

  @Test
  void readsExternalData() throws IOException {
    Files.createDirectory(folder.resolve("data"));
    Files.write(folder.resolve("data/part"), new byte[] {9, 9, 9, 9, 1, 2, 3, 4, 5, 6, 7, 8});
    for (TensorProto.Builder tensor :
        List.of(
            external("data/part", "offset", "4", "length", "8", "checksum", "x"),
            external("./data/part", "offset", "4"))) {
      try (TensorFile file = open(file(bytes(tensor)))) {
        assertEquals(0x04030201, file.tensors().get("w").bytes().getInt(0));
        assertEquals(0x08070605, file.tensors().get("w").bytes().getInt(4));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/etc/passwd", "../part", "data/../../part", "", " ", "c:part", "a\\b"})
  void refusesPathsOutsideTheFolder(String location) throws IOException {
    refused(
        OnnxProblem.EXTERNAL_PATH,
        bytes(external(location)),
        "a tensor's data file is outside the model's folder",
        "expected: a relative path that stays in the model's folder",
        "actual: '" + location + "'",
        "file: FILE",
        "key: w",
        "next: copy the model and its data file into one folder, without links");
  }

  @Test
  void refusesLinksOutOfTheFolder() throws IOException {
    Path inner = Files.createDirectory(folder.resolve("inner"));
    Path secret = Files.write(folder.resolve("secret"), new byte[8]);
    Files.createSymbolicLink(inner.resolve("part"), secret);
    Path model = Files.write(inner.resolve("model.onnx"), bytes(external("part")));
    assertRefused(
        OnnxProblem.EXTERNAL_PATH,
        model,
        () -> open(model),
        "a tensor's data file is outside the model's folder",
        "expected: a relative path that stays in the model's folder",
        "actual: 'part'",
        "file: FILE",
        "key: w",
        "next: copy the model and its data file into one folder, without links");
  }

  @Test
  void refusesMissingExternalData() throws IOException {
    refused(
        OnnxProblem.EXTERNAL_MISSING,
        bytes(external("part")),
        "the model's data file is not there",
        "expected: part beside the model",
        "file: FILE",
        "key: w",
        "next: put it beside the model: the two were written together");
  }

  @Test
  void refusesPlacesOutsideTheDataFile() throws IOException {
    Files.write(folder.resolve("part"), new byte[12]);
    for (String[] place :
        List.of(
            new String[] {"8", "8"},
            new String[] {"13", "0"},
            new String[] {"-4", "8"},
            new String[] {"0x4", "8"},
            new String[] {"4", "99999999999999999999"},
            new String[] {"4", ""})) {
      refused(
          OnnxProblem.EXTERNAL_RANGE,
          bytes(external("part", "offset", place[0], "length", place[1])),
          "a tensor's place leaves its data file",
          "expected: bytes within part, which has 12",
          "actual: offset " + place[0] + ", length " + place[1],
          "file: FILE",
          "key: w",
          "next: get the model and its data file again, both from the same source");
    }
    refused(
        TensorProblem.SIZE_MISMATCH,
        bytes(external("part", "length", "4")),
        "a tensor has not as many bytes as its shape needs",
        "expected: 2 elements, 8 bytes for F32[2]",
        "actual: 4 bytes in part",
        "file: FILE",
        "key: w",
        "next: get the model and its data file again, both from the same source");
  }

  @Test
  void refusesAnExternalEntryTwice() throws IOException {
    refused(
        OnnxProblem.AMBIGUOUS_DATA,
        bytes(external("part", "location", "other")),
        "a tensor's elements are stored in two places",
        "expected: one of raw_data, a typed field, external_data",
        "actual: external_data.location twice",
        "file: FILE",
        "key: w",
        "next: the file is ambiguous: get it again from its source");
  }
}
