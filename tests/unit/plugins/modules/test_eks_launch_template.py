"""Launch templates: nodes that the data stores admit; drift makes a new version."""

from __future__ import annotations

from support.eks_members import latest, soften, template
from support.lifecycle import World


def test_a_template_makes_nodes_that_the_data_stores_admit(world: World) -> None:
    life = template(world)
    assert life.settles()["launch_templates"]["main"]["version"] == "1"
    data = latest(world.aws)
    assert data["SecurityGroupIds"] == ["sg-nodes", "sg-own"]
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    assert data["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    disk = data["BlockDeviceMappings"][0]
    assert (disk["DeviceName"], disk["Ebs"]["Encrypted"]) == ("/dev/xvda", True)
    assert (disk["Ebs"]["VolumeType"], disk["Ebs"]["VolumeSize"]) == ("gp3", 30)
    assert {item["ResourceType"] for item in data["TagSpecifications"]} == {"instance", "volume"}
    soften(world.aws)
    assert life.settles()["launch_templates"]["main"]["version"] == "3"
    assert "UserData" not in latest(world.aws)
    life.settles("absent")
