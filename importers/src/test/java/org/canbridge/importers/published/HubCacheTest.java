package org.canbridge.importers.published;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.canbridge.tensors.files.InputFileException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models by the names that they have on the hub. */
class HubCacheTest {
  @TempDir private Path home;

  private HubCache cache() {
    return HubCache.of(Map.of(), home);
  }

  @Test
  void aModelIsFoundUnderItsName() throws IOException {
    Path model = home.resolve(".cache/huggingface/hub/models--facebook--DiT-XL-2-256");
    Path snapshot = Files.createDirectories(model.resolve("snapshots/0123abcd"));
    Files.createDirectories(model.resolve("refs"));
    Files.writeString(model.resolve("refs/main"), "0123abcd");
    assertEquals(snapshot, cache().located(Path.of("facebook/DiT-XL-2-256")));
    Path hub = home.resolve(".cache/huggingface/hub");
    Map<String, Path> folders =
        Map.of(
            "HF_HUB_CACHE",
            hub,
            "HUGGINGFACE_HUB_CACHE",
            hub,
            "HF_HOME",
            hub.getParent(),
            "XDG_CACHE_HOME",
            hub.getParent().getParent());
    folders.forEach(
        (variable, folder) -> {
          HubCache named = HubCache.of(Map.of(variable, folder.toString()), Path.of("elsewhere"));
          assertEquals(snapshot, named.located(Path.of("facebook/DiT-XL-2-256")), variable);
        });
  }

  @Test
  void whatLiesThereIsMeantFirst() {
    assertEquals(home, cache().located(home));
    Path missing = Path.of("runs/model.pt");
    assertEquals(missing, cache().located(missing));
  }

  @Test
  void anUnknownNameSaysHowToGetIt() {
    assertEquals(
        """
        there is no such file or folder, nor a model of this name in the cache
          expected: a path, or ORG/NAME of a model in %s
          file: facebook/unknown
          next: check the path; or download the model first: hf download facebook/unknown"""
            .formatted(home.resolve(".cache/huggingface/hub")),
        assertThrows(InputFileException.class, () -> cache().located(Path.of("facebook/unknown")))
            .getMessage());
  }

  @Test
  void anAddressIsNotDownloaded() {
    assertEquals(
        """
        this is an address, and nothing is downloaded here
          expected: a file or folder of this machine
          file: https:/host/a.pt
          next: download it first (curl -LO ADDRESS; hf download ORG/NAME), then name the file""",
        assertThrows(InputFileException.class, () -> cache().located(Path.of("https://host/a.pt")))
            .getMessage());
  }
}
