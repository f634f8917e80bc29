package org.canbridge.runtime.family.graph;

import java.util.Set;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.graph.GraphConfig;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.engine.AdamW;
import org.canbridge.runtime.family.Diffusion;
import org.canbridge.runtime.family.NetworkInput;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.family.TrainingRecipe;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.runtime.graph.json.GraphJson;

/** A network of no family: what its graph says. */
public final class GraphRuntime implements RuntimeFamily {
  /** Images have one channel or three; latents have four or more. */
  private static final int MOST_PIXEL_CHANNELS = 3;

  /** Nobody said how it was trained: DiT's settings. */
  private static final TrainingRecipe RECIPE =
      new TrainingRecipe(1e-4, new AdamW(0.9, 0.999, 1e-8, 0, 0), 0.1, Set.of());

  private final GraphConfig config;
  private final Graph graph;

  /**
   * Builds the graph.
   *
   * @throws IllegalArgumentException if that is no network
   */
  public GraphRuntime(GraphConfig config) {
    this.config = config;
    this.graph = GraphJson.read(config.arguments());
  }

  @Override
  public ModelConfig config() {
    return config;
  }

  @Override
  public Graph graph() {
    return graph;
  }

  @Override
  public ImageShape image() {
    Shape shape =
        graph.inputs().stream()
            .filter(NetworkInput.IMAGE::is)
            .map(Op.Input::shape)
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("this network takes no image"));
    return new ImageShape((int) shape.size(1), (int) shape.size(2), (int) shape.size(3));
  }

  @Override
  public int pixelsPerCell() {
    return image().channels() <= MOST_PIXEL_CHANNELS ? 1 : Diffusion.PIXELS_PER_LATENT;
  }

  @Override
  public TrainingRecipe training() {
    return RECIPE;
  }
}
