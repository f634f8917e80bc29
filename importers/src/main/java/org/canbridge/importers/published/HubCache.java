package org.canbridge.importers.published;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.InputFileException;

/**
 * The folder in which the Hugging Face libraries keep what they have downloaded: {@code
 * models--org--name/refs/main} holds the name of a folder below {@code snapshots}. Nothing is
 * downloaded here.
 *
 * @param folder {@code HF_HUB_CACHE}, {@code HF_HOME/hub}, {@code XDG_CACHE_HOME/huggingface/hub}
 *     or {@code ~/.cache/huggingface/hub}
 */
public record HubCache(Path folder) {
  private static final Pattern ID = Pattern.compile("([\\w.-]+)/([\\w.-]+)");
  private static final Pattern ADDRESS = Pattern.compile("(https?|s3|gs|hf):/.*");
  private static final Pattern FILE =
      Pattern.compile(".*\\.(pt|pth|bin|ckpt|safetensors|onnx|json|npy)");
  private static final Pattern REVISION = Pattern.compile("[0-9a-f]{1,64}");

  /** The cache that these environment variables and this home folder mean. */
  public static HubCache of(Map<String, String> environment, Path home) {
    for (String[] each :
        new String[][] {
          {"HF_HUB_CACHE", ""},
          {"HUGGINGFACE_HUB_CACHE", ""},
          {"HF_HOME", "hub"},
          {"XDG_CACHE_HOME", "huggingface/hub"}
        }) {
      String folder = environment.getOrDefault(each[0], "");
      if (!folder.isEmpty()) {
        return new HubCache(Path.of(folder).resolve(each[1]));
      }
    }
    return new HubCache(home.resolve(".cache/huggingface/hub"));
  }

  /**
   * What a path means: itself if there is such a file or folder, else the snapshot of the model of
   * that name.
   *
   * @throws InputFileException if it is an address, or the name of a model that is not in the cache
   */
  public Path located(Path path) {
    String text = path.toString().replace('\\', '/');
    if (Files.exists(path)) {
      return path;
    }
    if (ADDRESS.matcher(text).matches()) {
      throw InputFileException.of(FileProblem.MISSING, path)
          .what("this is an address, and nothing is downloaded here")
          .expected("a file or folder of this machine")
          .next("download it first (curl -LO ADDRESS; hf download ORG/NAME), then name the file")
          .build();
    }
    Matcher id = ID.matcher(text);
    if (!id.matches() || FILE.matcher(text).matches() || Files.isDirectory(Path.of(id.group(1)))) {
      return path;
    }
    return snapshot(id.group(1), id.group(2))
        .orElseThrow(
            () ->
                InputFileException.of(FileProblem.MISSING, path)
                    .what("there is no such file or folder, nor a model of this name in the cache")
                    .expected("a path, or ORG/NAME of a model in " + folder)
                    .next("check the path; or download the model first: hf download " + text)
                    .build());
  }

  private Optional<Path> snapshot(String org, String name) {
    Path model = folder.resolve("models--" + org + "--" + name);
    Path main = model.resolve("refs").resolve("main");
    try {
      if (Files.isRegularFile(main) && Files.size(main) <= 64) {
        String revision = Files.readString(main).strip();
        Path snapshot = model.resolve("snapshots").resolve(revision);
        if (REVISION.matcher(revision).matches() && Files.isDirectory(snapshot)) {
          return Optional.of(snapshot);
        }
      }
    } catch (IOException e) {
      return Optional.empty();
    }
    return Optional.empty();
  }
}
