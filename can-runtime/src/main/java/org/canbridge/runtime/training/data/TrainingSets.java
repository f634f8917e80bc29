package org.canbridge.runtime.training.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.InputFileException;

/** Opens training sets of every kind, told by what lies at the path. */
public final class TrainingSets {
  private static final int HEAD = 9;

  private TrainingSets() {}

  /**
   * Opens a set. A file is one of latents in safetensors or of IDX images, told by its first bytes.
   * A folder is, by the first that fits: IDX files under the published names, {@code .npy} features
   * of U-ViT or fast-DiT, a folder with safetensors files, {@code .npy} latents by class, images by
   * class, images.
   *
   * @throws InputFileException if it is none of these, does not fit the network, or has broken
   *     files that are not to be skipped
   * @throws IOException if it cannot be read
   */
  public static TrainingSet open(Path path, TrainingSetOptions options) throws IOException {
    if (!Files.exists(path)) {
      throw InputFileException.of(FileProblem.MISSING, path)
          .what("there is no such file or folder")
          .next("check the path")
          .build();
    }
    return Files.isDirectory(path) ? openFolder(path, options) : openFile(path, options);
  }

  private static TrainingSet openFile(Path path, TrainingSetOptions options) throws IOException {
    byte[] head;
    try (InputStream in = Files.newInputStream(path)) {
      head = in.readNBytes(HEAD);
    }
    boolean gzip = head.length > 1 && (head[0] & 0xff) == 0x1f && (head[1] & 0xff) == 0x8b;
    boolean idx = head.length > 2 && head[0] == 0 && head[1] == 0 && head[2] == 8;
    if (gzip || idx) {
      return IdxImages.openFile(path, options);
    }
    if (head.length == HEAD && head[HEAD - 1] == '{') {
      return LatentTensors.open(path, options);
    }
    throw unknown(path, "a file of none of these kinds");
  }

  private static TrainingSet openFolder(Path folder, TrainingSetOptions options)
      throws IOException {
    if (IdxImages.isFolder(folder)) {
      return IdxImages.openFolder(folder, options);
    }
    if (NumpyFeatures.isFolder(folder)) {
      return NumpyFeatures.open(folder, options);
    }
    ArrayFolder.refuseListed(folder);
    List<Path> latents = new ArrayList<>();
    boolean images = false;
    boolean empty = true;
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (ExampleListing.isLeftover(name)) {
          continue;
        }
        empty = false;
        if (name.endsWith(".safetensors")) {
          latents.add(entry);
        }
        images |= ExampleFiles.IMAGES.isNamed(name) || Files.isDirectory(entry);
      }
    }
    if (!latents.isEmpty()) {
      return LatentTensors.open(latents.size() == 1 ? latents.get(0) : folder, latents, options);
    }
    if (ArrayFolder.isFolder(folder)) {
      return ArrayFolder.open(folder, options);
    }
    if (images) {
      return ImageFolder.open(folder, options);
    }
    throw unknown(folder, empty ? "an empty folder" : "a folder without any of these");
  }

  private static InputFileException unknown(Path path, String found) {
    return InputFileException.of(DataProblem.NOT_A_TRAINING_SET, path)
        .what("this is no training set of a kind that is known")
        .expected(
            "a folder of images by class, IDX files, safetensors files of latents, or .npy"
                + " features")
        .actual(found)
        .next("see docs/training-data.md for the layouts")
        .build();
  }
}
