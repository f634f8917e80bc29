package org.canbridge.runtime.family.uvit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.canbridge.importers.uvit.UvitCondition.None;
import org.canbridge.importers.uvit.UvitCondition.Text;
import org.canbridge.importers.uvit.UvitConfig;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanRewriter;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.can.TinyNetworks;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.family.RuntimeFamilyContract;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Role;
import org.junit.jupiter.api.Test;

class UvitRuntimeTest extends RuntimeFamilyContract {

  @Override
  protected List<RuntimeFamily> examples() {
    return List.of(
        TinyNetworks.UVIT.family(),
        new UvitRuntime(
            new UvitConfig(8, 2, 3, 24, 4, 3, 96, false, false, new None(), true, true)),
        new UvitRuntime(
            new UvitConfig(12, 4, 4, 20, 2, 5, 53, true, true, new None(), false, true)),
        new UvitRuntime(
            new UvitConfig(8, 2, 3, 24, 4, 3, 96, false, false, new Text(7, 6), true, true)),
        new UvitRuntime(
            new UvitConfig(5, 1, 1, 12, 2, 3, 12, false, false, new Text(7, 6), true, false)));
  }

  @Test
  void everyBlockGetsADepthwiseConvolution() {
    Graph source = examples().get(1).graph();
    Graph can =
        CanRewriter.rewrite(
            source, CanPreset.paper(source, List.of(CanTarget.DWCONV), CanCondition.TIME));
    assertEquals(5, can.withRole(Role.DEPTHWISE_CONV).size());
  }
}
