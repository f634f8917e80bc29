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
import org.canbridge.runtime.engine.OnnxModel;
import org.canbridge.runtime.engine.RunningNetwork;
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

  private static final String DECODER = "decoder.onnx";
  private static final String LATENT = "latent";
  private static final String DECODED = "decoded";

  /** An autoencoder's decoder, for latents of any size or of one. */
  private interface Decoder extends AutoCloseable {
    int channels();

    Latents decode(Latents latent);

    @Override
    void close();
  }

  private final Decoder decoder;

  private LatentDecoder(Decoder decoder) {
    this.decoder = decoder;
  }

  /**
   * Opens an autoencoder.
   *
   * @param path a published file, a folder of diffusers (its {@code config.json} tells what no
   *     tensor does), a model directory, or one that was exported as ONNX, whose decoder runs as it
   *     is if the target's engine is ONNX Runtime
   * @throws InputFileException if it is no autoencoder
   */
  public static LatentDecoder open(Path path, ImportOptions options, Target target) {
    Optional<OnnxModel> exported = ExportedModel.network(path, DECODER, target);
    if (exported.isPresent()) {
      return new LatentDecoder(new OfOneSize(exported.get()));
    }
    Checkpoint checkpoint = Checkpoints.open(path, options);
    ModelConfig config = checkpoint.config();
    Optional<LatentCodec> codec = RuntimeFamilies.of(config).codec();
    if (codec.isPresent()) {
      return new LatentDecoder(new OfAnySize(checkpoint, codec.get(), target, new HashMap<>()));
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
    return decoder.channels();
  }

  /**
   * Decodes latents.
   *
   * @param latents as the diffusion model draws them, {@code (B, C, H, W)}
   * @return images in -1..1 (a little more is possible), {@code (B, 3, f H, f W)}
   * @throws IllegalArgumentException if C is not {@link #channels()}, or the size is another one
   *     than that which an ONNX decoder was made for
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
      Latents image = decoder.decode(latents.rows(row, row + 1));
      if (all == null) {
        shape = image.shape();
        all = new double[Math.multiplyExact(latents.batch(), shape.size())];
      }
      System.arraycopy(image.values(), 0, all, row * shape.size(), shape.size());
    }
    return new Latents(shape, all);
  }

  private static Latents decoded(RunningNetwork network, Latents latent) {
    ImageShape shape = latent.shape();
    float[] values = new float[shape.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) latent.get(i);
    }
    TensorData input = MemoryTensor.of(values, 1, shape.channels(), shape.height(), shape.width());
    TensorData decoded = network.run(Map.of(LATENT, input), List.of(DECODED)).get(DECODED);
    List<Long> size = decoded.type().shape();
    return new Latents(
        new ImageShape(size.get(1).intValue(), size.get(2).intValue(), size.get(3).intValue()),
        Tensors.doubles(decoded));
  }

  private record OfAnySize(
      Checkpoint checkpoint, LatentCodec codec, Target target, Map<ImageShape, Session> sessions)
      implements Decoder {
    @Override
    public int channels() {
      return codec.latentChannels();
    }

    @Override
    public Latents decode(Latents latent) {
      return TILES.decode(
          latent, tile -> decoded(sessions.computeIfAbsent(tile.shape(), this::session), tile));
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

  private record OfOneSize(OnnxModel network) implements Decoder {
    private List<Long> size() {
      return network.inputs().get(LATENT);
    }

    @Override
    public int channels() {
      return size().get(1).intValue();
    }

    @Override
    public Latents decode(Latents latent) {
      ImageShape shape = latent.shape();
      if (shape.height() != size().get(2) || shape.width() != size().get(3)) {
        throw new IllegalArgumentException(
            "the decoder was exported for latents of "
                + size().get(2)
                + "x"
                + size().get(3)
                + ", not of "
                + shape);
      }
      return decoded(network, latent);
    }

    @Override
    public void close() {
      network.close();
    }
  }

  @Override
  public void close() {
    decoder.close();
  }
}
