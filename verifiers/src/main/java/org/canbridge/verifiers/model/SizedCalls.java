package org.canbridge.verifiers.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.autoencoder.AutoencoderKlConfig;
import org.canbridge.importers.autoencoder.AutoencoderTinyConfig;
import org.canbridge.importers.clip.ClipTextConfig;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.runtime.family.LatentSpace;
import org.canbridge.runtime.family.autoencoder.AutoencoderKl;
import org.canbridge.runtime.family.autoencoder.AutoencoderTiny;
import org.canbridge.runtime.family.clip.ClipText;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.TensorData;
import org.canbridge.verifiers.CallPlans;
import org.canbridge.verifiers.ReferenceBundle;

/**
 * The calls of networks that are several graphs over one set of weights, each for the size of the
 * bundle's input: encoder and decoder of an autoencoder, a text encoder without and with mask.
 */
final class SizedCalls {
  private static final int IMAGE_RANK = 4;
  private static final int TEXT_RANK = 2;

  private final ReferenceBundle bundle;
  private final Map<String, Graph> graphs = new LinkedHashMap<>();

  private SizedCalls(ReferenceBundle bundle) {
    this.bundle = bundle;
  }

  /** The graph of each call that the bundle has an input for; none for other networks. */
  static Map<String, Graph> graphs(ModelConfig config, ReferenceBundle bundle) {
    SizedCalls calls = new SizedCalls(bundle);
    if (config instanceof AutoencoderKlConfig kl) {
      LatentSpace space = calls.space();
      calls.add(
          CallPlans.ENCODE,
          "image",
          IMAGE_RANK,
          s -> AutoencoderKl.encoder(kl, space, s.get(2), s.get(3)));
      calls.add(
          CallPlans.DECODE,
          "latent",
          IMAGE_RANK,
          s -> AutoencoderKl.decoder(kl, space, s.get(2), s.get(3)));
    } else if (config instanceof AutoencoderTinyConfig tiny) {
      calls.add(
          CallPlans.ENCODE,
          "image",
          IMAGE_RANK,
          s -> AutoencoderTiny.encoder(tiny, s.get(2), s.get(3)));
      calls.add(
          CallPlans.DECODE,
          "latent",
          IMAGE_RANK,
          s -> AutoencoderTiny.decoder(tiny, s.get(2), s.get(3)));
    } else if (config instanceof ClipTextConfig clip) {
      calls.add(
          CallPlans.FORWARD,
          "input_ids",
          TEXT_RANK,
          s -> ClipText.graph(clip, ClipText.Padding.SEEN, s.get(1)));
      calls.add(
          CallPlans.MASKED,
          "attention_mask",
          TEXT_RANK,
          s -> ClipText.graph(clip, ClipText.Padding.MASKED, s.get(1)));
    }
    return calls.graphs;
  }

  /**
   * CompVis' code, whose argument is {@code scale_factor}, scales within encode and decode;
   * diffusers', with {@code scaling_factor}, leaves that to the pipeline.
   */
  private LatentSpace space() {
    return bundle.config().has("scale_factor") ? LatentSpace.DIFFUSION : LatentSpace.AUTOENCODER;
  }

  private interface Sized {
    Graph graph(List<Long> shape);
  }

  private void add(String call, String input, int rank, Sized sized) {
    Optional.ofNullable(bundle.inputs().get(input))
        .map((TensorData tensor) -> tensor.type().shape())
        .filter(shape -> shape.size() == rank)
        .ifPresent(shape -> graphs.put(call, sized.graph(shape)));
  }
}
