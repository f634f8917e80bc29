package org.canbridge.runtime.bulk;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongUnaryOperator;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.safetensors.SafetensorsWriter;

/**
 * Safetensors files with one tensor {@code latents (1, C, H, W)}, float32, and the settings in
 * their metadata.
 *
 * @param settings what decides the images, by name
 * @param label class of each image
 */
public record LatentFile(Map<String, String> settings, LongUnaryOperator label)
    implements ImageFile {

  @Override
  public String extension() {
    return ".safetensors";
  }

  @Override
  public void write(Latents image, long index, Path file) throws IOException {
    Map<String, String> text = new LinkedHashMap<>(settings);
    text.put("image", Long.toString(index));
    text.put("class", Long.toString(label.applyAsLong(index)));
    save(image, file, text);
  }

  /**
   * Writes a batch as one file.
   *
   * @param images {@code (B, C, H, W)}
   * @param file replaced if it exists
   * @param text the file's metadata
   * @throws IOException if the file cannot be written
   */
  public static void save(Latents images, Path file, Map<String, String> text) throws IOException {
    float[] values = new float[images.values().length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) images.get(i);
    }
    ImageShape shape = images.shape();
    MemoryTensor tensor =
        MemoryTensor.of(values, images.batch(), shape.channels(), shape.height(), shape.width());
    SafetensorsWriter.write(file, Map.of("latents", tensor), text);
  }
}
