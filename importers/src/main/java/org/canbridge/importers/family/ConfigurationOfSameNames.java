package org.canbridge.importers.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The {@code config.json} of a library whose arguments have their own names here too.
 *
 * @param weightsName what the library calls the file of the weights, without its ending
 * @param section the object within that holds the arguments, in a file for several networks
 * @param rest adds to the arguments what else the library wants to read
 */
public record ConfigurationOfSameNames(
    String weightsName, Optional<String> section, UnaryOperator<ObjectNode> rest)
    implements PublishedConfiguration {

  @Override
  public Arguments read(ObjectNode configuration) {
    JsonNode inner = section.map(configuration::path).orElse(configuration);
    return Arguments.of(inner instanceof ObjectNode object ? object : configuration);
  }

  @Override
  public ObjectNode write(Arguments arguments) {
    return rest.apply(arguments.toJson());
  }
}
