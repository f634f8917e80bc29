package org.canbridge.importers.family;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;

/**
 * An argument that no tensor tells.
 *
 * @param argument its published name, e.g. {@code num_heads}
 * @param option the option that settles it, e.g. {@code --heads N}
 * @param reason why it must be asked for
 * @param usual what a published network of these sizes has; taken unless something else is given
 */
public record Question(String argument, String option, String reason, Optional<JsonNode> usual) {

  /** The option for arguments that have none of their own. */
  public static final String IN_CONFIG = "--config FILE, or a config.json beside the file";
}
