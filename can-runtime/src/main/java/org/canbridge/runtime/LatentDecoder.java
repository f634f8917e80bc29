package org.canbridge.runtime;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apiguardian.api.API;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.detection.DetectionProblem;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.LatentCodec;
import org.canbridge.runtime.family.LatentSpace;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.image.TiledDecoding;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.InputFileException;

/**
 * The decoder of an autoencoder, for the latents that a diffusion model draws: its scaling factor
 * (0.18215 for Stable Diffusion's) is the configuration's own. Images are decoded one by one, large
 * ones in tiles.
 */
@API(status = API.Status.STABLE)
public final class LatentDecoder implements AutoCloseable {
  /** 64 cells are 512 pixels; what diffusers takes as a tile of Stable Diffusion's autoencoder. */
  private static final TiledDecoding TILES = new TiledDecoding(64, 16);

  private static final String DECODED = "decoded";

  private final Checkpoint checkpoint;
  private final LatentCodec codec;
  private final Target target;
  private final Map<ImageShape, Session> sessions = new HashMap<>();

  private LatentDecoder(Checkpoint checkpoint, LatentCodec codec, Target target) {
    this.checkpoint = checkpoint;
    this.codec = codec;
    this.target = target;
  }

  /**
   * Opens an autoencoder.
   *
   * @param path a published file, a folder of diffusers (its {@code config.json} tells what no
   *     tensor does) or a model directory
   * @throws InputFileException if it is no autoencoder
   */
  public static LatentDecoder open(Path path, ImportOptions options, Target target) {
    Checkpoint checkpoint = Checkpoints.open(path, options);
    ModelConfig config = checkpoint.config();
    Optional<LatentCodec> codec = RuntimeFamilies.of(config).codec();
    if (codec.isPresent()) {
      return new LatentDecoder(checkpoint, codec.get(), target);
    }
    checkpoint.close();
    throw InputFileException.of(DetectionProblem.UNSUPPORTED_FAMILY, path)
        .what("this model decodes no latents")
        .expected("an autoencoder: AutoencoderKL or AutoencoderTiny (TAESD)")
        .actual(config.architecture())
        .next("give the folder or file of the model's autoencoder")
        .build();
  }

  /** Channels of the latents. */
  public int channels() {
    return codec.latentChannels();
  }

  /**
   * Decodes latents.
   *
   * @param latents as the diffusion model draws them, {@code (B, C, H, W)}
   * @return images in -1..1 (a little more is possible), {@code (B, 3, f H, f W)}
   * @throws IllegalArgumentException if C is not {@link #channels()}
   */
  public Latents decode(Latents latents) {
    if (latents.shape().channels() != channels()) {
      throw new IllegalArgumentException(
          "the autoencoder decodes latents of "
              + channels()
              + " channels, not of "
              + latents.shape());
    }
    ImageShape shape = null;
    double[] all = null;
    for (int row = 0; row < latents.batch(); row++) {
      Latents image = TILES.decode(latents.rows(row, row + 1), this::decodeOne);
      if (all == null) {
        shape = image.shape();
        all = new double[Math.multiplyExact(latents.batch(), shape.size())];
      }
      System.arraycopy(image.values(), 0, all, row * shape.size(), shape.size());
    }
    return new Latents(shape, all);
  }

  private Latents decodeOne(Latents latent) {
    ImageShape shape = latent.shape();
    Session session = sessions.computeIfAbsent(shape, this::session);
    float[] values = new float[shape.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) latent.get(i);
    }
    TensorData input = MemoryTensor.of(values, 1, shape.channels(), shape.height(), shape.width());
    TensorData decoded = session.run(Map.of("latent", input), List.of(DECODED)).get(DECODED);
    List<Long> size = decoded.type().shape();
    return new Latents(
        new ImageShape(size.get(1).intValue(), size.get(2).intValue(), size.get(3).intValue()),
        Tensors.doubles(decoded));
  }

  private Session session(ImageShape shape) {
    Graph graph = codec.decoder(LatentSpace.DIFFUSION, shape.height(), shape.width());
    return Session.open(graph, checkpoint.tensors(), target);
  }

  @Override
  public void close() {
    sessions.values().forEach(Session::close);
    checkpoint.close();
  }
}
