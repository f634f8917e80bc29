package org.canbridge.runtime.bulk;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongUnaryOperator;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.image.PngGrid;

/**
 * PNG files with the settings in their text chunks.
 *
 * @param settings what decides the images, by name
 * @param label class of each image
 */
public record PngImageFile(Map<String, String> settings, LongUnaryOperator label)
    implements ImageFile {

  @Override
  public String extension() {
    return ".png";
  }

  @Override
  public void write(Latents image, long index, Path file) throws IOException {
    Map<String, String> text = new LinkedHashMap<>(settings);
    text.put("image", Long.toString(index));
    text.put("class", Long.toString(label.applyAsLong(index)));
    PngGrid.writeOne(image, 0, file, text);
  }
}
