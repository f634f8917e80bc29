package org.canbridge.runtime.bulk;

import java.io.IOException;
import java.nio.file.Path;
import org.canbridge.runtime.diffusion.Latents;

/** How one image becomes a file. */
public interface ImageFile {

  /** The end of the file's name, with the dot. */
  String extension();

  /**
   * Writes an image; the file appears complete or not at all, and its bytes depend on the arguments
   * only.
   *
   * @param image one row, {@code (1, C, H, W)}
   * @param index the image's number in the run
   * @param file where to
   */
  void write(Latents image, long index, Path file) throws IOException;
}
