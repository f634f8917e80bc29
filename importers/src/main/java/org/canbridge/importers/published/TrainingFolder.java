package org.canbridge.importers.published;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.formats.DistributedFile;

/**
 * Folders as training programs leave them: Lightning's {@code checkpoints/*.ckpt}, DeepSpeed's
 * {@code latest} and {@code global_step5/mp_rank_00_model_states.pt}, the distributed checkpoints
 * of FSDP ({@code .metadata} and {@code *.distcp}).
 */
final class TrainingFolder {
  private static final Pattern CHECKPOINT = Pattern.compile(".*\\.ckpt");
  private static final Pattern DISTRIBUTED = Pattern.compile(".*\\.distcp");
  private static final Pattern PARTITIONS = Pattern.compile("zero_pp_rank_.*_model_states\\.pt");
  private static final Pattern STEP = Pattern.compile("global_step\\d+");
  private static final String LATEST = "latest";
  private static final int MAX_LATEST = 1 << 10;
  private static final String STATES = "mp_rank_00_model_states.pt";

  private TrainingFolder() {}

  /**
   * The file with the weights; empty if the folder is of another kind.
   *
   * @throws InputFileException if the weights are there and no single file holds them
   */
  static Optional<Path> weights(Path folder) {
    Optional<Path> distributed = distributed(folder);
    if (distributed.isPresent()) {
      return distributed;
    }
    Path step = step(folder);
    refusePartitions(folder, step);
    if (Files.isRegularFile(step.resolve(STATES))) {
      return Optional.of(step.resolve(STATES));
    }
    Path below = folder.resolve("checkpoints");
    List<Path> checkpoints = list(Files.isDirectory(below) ? below : folder, CHECKPOINT);
    Optional<Path> last =
        checkpoints.stream().filter(path -> path.endsWith("last.ckpt")).findFirst();
    if (last.isEmpty() && checkpoints.size() > 1) {
      throw InputFileException.of(FileProblem.IS_A_DIRECTORY, folder)
          .what("the folder holds several checkpoints")
          .actual(
              String.join(", ", checkpoints.stream().map(path -> path.getFileName() + "").toList()))
          .next("name the one that is meant")
          .build();
    }
    return last.or(() -> checkpoints.stream().findFirst());
  }

  /** DeepSpeed's folder of the step that {@value #LATEST} names, else of the last one. */
  private static Path step(Path folder) {
    Path latest = folder.resolve(LATEST);
    List<Path> steps = new ArrayList<>(list(folder, STEP));
    try {
      if (Files.isRegularFile(latest) && Files.size(latest) < MAX_LATEST) {
        String name = Files.readString(latest).strip();
        Optional<Path> named = steps.stream().filter(one -> one.endsWith(name)).findFirst();
        if (named.isPresent()) {
          return named.get();
        }
      }
    } catch (IOException e) {
      throw InputFileException.unreadable(latest, e);
    }
    // As numbers: 10 comes after 9.
    steps.sort(
        Comparator.<Path>comparingInt(one -> one.getFileName().toString().length())
            .thenComparing(Comparator.naturalOrder()));
    return steps.isEmpty() ? folder : steps.get(steps.size() - 1);
  }

  /** Whether the folder holds what accelerate saves beside the weights. */
  static boolean isOfAccelerate(Path folder) {
    return Stream.of("optimizer.bin", "random_states_0.pkl")
        .anyMatch(name -> Files.isRegularFile(folder.resolve(name)));
  }

  /** The description of a distributed checkpoint, in the folder or where FSDP's users put it. */
  private static Optional<Path> distributed(Path folder) {
    List<Path> folders = new ArrayList<>(List.of(folder));
    folders.addAll(list(folder, Pattern.compile("pytorch_model_fsdp_\\d+|state|model")));
    Optional<Path> holder =
        folders.stream().filter(one -> !list(one, DISTRIBUTED).isEmpty()).findFirst();
    Optional<Path> metadata = holder.map(one -> one.resolve(DistributedFile.METADATA));
    if (metadata.isPresent() && !Files.isRegularFile(metadata.get())) {
      throw InputFileException.of(FileProblem.MISSING, metadata.get())
          .what("the file that says where the pieces of the distributed checkpoint lie is missing")
          .next("copy it too, it is hidden; then name the folder " + holder.get())
          .build();
    }
    return metadata;
  }

  private static void refusePartitions(Path folder, Path step) {
    List<Path> parts = list(step, PARTITIONS);
    if (!parts.isEmpty()) {
      throw InputFileException.of(FileProblem.IS_A_DIRECTORY, step)
          .what("this is a checkpoint of DeepSpeed's ZeRO stage 3, whose tensors lie in pieces")
          .expected("one file with whole tensors")
          .actual(parts.size() + " files zero_pp_rank_*_model_states.pt")
          .next("in the folder " + folder + ": python zero_to_fp32.py . weights.pt")
          .build();
    }
  }

  /** What lies in a folder under such names, sorted. */
  static List<Path> list(Path folder, Pattern name) {
    List<Path> found = new ArrayList<>();
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
        for (Path entry : entries) {
          if (name.matcher(entry.getFileName().toString()).matches()) {
            found.add(entry);
          }
        }
      } catch (IOException e) {
        throw InputFileException.of(FileProblem.UNREADABLE, folder)
            .what("the folder cannot be read")
            .actual(e)
            .next("check its permissions")
            .cause(e)
            .build();
      }
    }
    found.sort(null);
    return found;
  }
}
